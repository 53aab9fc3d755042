"""Options of pytest's command line that decide which rows a check runs over; `conftest.py` sets them."""

every_row = False  # --every-row: each check for every row
model = None  # --model NAME: the rows of one model
