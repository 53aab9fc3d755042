"""The bundled presets, one folder each: data, no code."""
