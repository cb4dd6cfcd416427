-- Rehearsal tables of GLPI, written for this project: only what the runbook and the stand-ins of
-- the vendor's commands read or write. Column names and types are those of plugin ocsinventoryng.
CREATE TABLE glpi_plugins (
    id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    directory VARCHAR(255) NOT NULL UNIQUE,
    name VARCHAR(255) NOT NULL,
    version VARCHAR(255) NOT NULL,
    state INT NOT NULL DEFAULT 0 COMMENT '1 activated, 4 not activated, 6 files newer than tables',
    author VARCHAR(255) NULL,
    homepage VARCHAR(255) NULL,
    license VARCHAR(255) NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_unicode_ci;

CREATE TABLE glpi_plugin_ocsinventoryng_ocsservers (
    id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    name VARCHAR(255) NULL,
    ocs_db_user VARCHAR(255) NULL,
    ocs_db_passwd VARCHAR(255) NULL,
    ocs_db_host VARCHAR(255) NULL,
    ocs_db_name VARCHAR(255) NULL,
    ocs_db_utf8 TINYINT NOT NULL DEFAULT 0,
    checksum INT NOT NULL DEFAULT 0,
    import_device_memory TINYINT NOT NULL DEFAULT 1,
    cron_sync_number INT DEFAULT 1,
    ocs_url VARCHAR(255) NULL,
    date_mod TIMESTAMP NULL DEFAULT NULL,
    comment TEXT NULL,
    is_active TINYINT NOT NULL DEFAULT 0,
    use_massimport TINYINT NOT NULL DEFAULT 0,
    use_locks TINYINT NOT NULL DEFAULT 1,
    ocs_version VARCHAR(255) NULL,
    conn_type TINYINT NOT NULL DEFAULT 0 COMMENT '0 database, 1 SOAP',
    KEY is_active (is_active)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_unicode_ci;

INSERT INTO glpi_plugins (directory, name, version, state, author, license)
VALUES ('ocsinventoryng', 'OCS Inventory NG', '1.7.0', 1, 'rehearsal', 'GPLv2+'),
       ('datainjection', 'Data injection', '2.8.1', 1, 'rehearsal', 'GPLv2+');
