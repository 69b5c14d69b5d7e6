"""Parts of pages: each draws one thing from plain rows into the element that is open."""
