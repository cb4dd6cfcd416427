# Word by which httpd opens the inventory's database.
# Fill it in and save without the ending; httpd reads it when it starts.
INVENTORY_DB_WORD=
