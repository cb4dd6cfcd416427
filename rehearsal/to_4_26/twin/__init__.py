"""The version step's part of a twin: files of httpd, passwords, memories, GLPI's OCS servers."""
