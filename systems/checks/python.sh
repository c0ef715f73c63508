# Python's numerics: every bit of floats, long integers, decimals, hashes.
python3 /checks/numerics.py
