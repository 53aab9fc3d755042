"""`python -m keras_genzoo` is the command line `keras-genzoo`."""

from keras_genzoo.cli import main

if __name__ == "__main__":
    main()
