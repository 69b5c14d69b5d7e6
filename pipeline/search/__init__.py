"""The question language, what a question is understood as, and how what answers it is ranked."""
