"""httpd's two OCS files and the credentials file: read, merged, proved (G09 to G14)."""
