"""The command line `keras-genzoo`. Bad input ends with one sentence and exit code 2; Ctrl-C with 130."""

from keras_genzoo.cli.app import app, main

__all__ = ["app", "main"]
