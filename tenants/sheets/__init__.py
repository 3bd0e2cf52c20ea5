"""Sheets: files of rows and cells that people bring from tills and spreadsheets, and those that they take home.

Characters, separators and amounts are read as they come; a cell that can't be taken raises `BadValueError` with a code
for words.py. Knows nothing of what the rows are about.
"""
