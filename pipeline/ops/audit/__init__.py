"""Verification of the audit trail and its log by the operator."""
