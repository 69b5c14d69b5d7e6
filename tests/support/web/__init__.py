"""Pages drawn without a browser, and opened in one."""
