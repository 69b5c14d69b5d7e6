"""What every stage runs on: lanes, transactions, chunks, local stores, group membership."""
