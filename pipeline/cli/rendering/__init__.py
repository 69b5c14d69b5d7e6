"""What commands print for people: tables, lines and reports, from what services and clients answer."""
