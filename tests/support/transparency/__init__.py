"""Audit logs in memory."""
