# contenthub db。

help-db = 数据库本身
help-db-migrate = 把数据库结构更新到最新，与每个命令所做的一样；更新前会先复制较旧的 SQLite 文件
help-db-check = 说明数据库能否访问、是否最新、是否完好；不作任何更改
help-db-backup = 在使用中复制数据库
    .after =
        一份一致的数据库副本，可以在服务器运行时制作，读过一遍之后才得到正式的名称。在 PostgreSQL 上由 pg_dump 制作，本机须已安装它。

        密钥不在副本中：没有密钥，其中的凭据无法使用。请像保存密码一样，把 DATA-DIR/secret.key（或 CONTENTHUB_SECRET_KEY）保存在别处。

        示例：
            $ # 存入 DATA-DIR/backups
            $ # 并只保留其中最近的 14 份
            $
help-db-backup--to = 副本的文件名；必须尚不存在 [默认：DATA-DIR/backups 中带有时间的名称]
help-db-backup--keep = 移除 DATA-DIR/backups 中的副本，只留最近的 N 份
help-db-restore = 用副本替换数据库；其中的内容不会在未经同意时再次发布
    .after =
        用副本替换数据库，原来的数据库以另一个名称保留在旁边。请先停止服务器。

        副本不知道它制作之后发布了什么。所以恢复之后不会自动发布任何内容，此前已到期的都是存疑的：只有平台认识我们的键时才会重新发送，平台可以查询时先行查询，否则须由人说明是否已发出。

        示例：
            $

        在 PostgreSQL 上，请在没有服务器运行时用 pg_restore 把副本恢复到一个空的数据库，然后在启动第一个服务器之前：

            $
help-db-restore--file = `db backup` 制作的副本，或该文件的任何其他完整副本
help-db-restore--after = 数据库已用其他方式恢复：完成之后该做的事
