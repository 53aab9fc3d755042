"""The recipes, one YAML file each: `<model>_<dataset>.yaml`. Read them with `keras_genzoo.load_recipe`."""
