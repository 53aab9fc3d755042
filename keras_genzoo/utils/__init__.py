"""What every part of the package may use: checks, arguments, pixels, files, progress, text. No Keras in here."""
