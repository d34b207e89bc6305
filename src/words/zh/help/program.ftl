# contenthub 本身，以及没有子命令的命令。`.long` 是长说明中另外的段落，`.after` 是末尾的文字，其中 $ 代表英文帮助里的下一条命令行。
# 几个命令共有的参数只写一次，写在它们上一级的命令下。

help = 让每篇内容在恰当的时刻、恰当的平台上，恰好发布一次。
help--output = 结果的格式
help-help = 显示本帮助，或某个子命令的帮助
help-serve = 运行服务器：调度器、发布器和 HTTP API
help-serve--demo = 试用：临时的数据目录、示例内容，以及一个用来接收发布的小网站
help-scheduler = 定时任务及其运行
help-publish-pool = 等待发布的内容
help-content = 发布的内容
help-account = 发布到哪里
help-publisher = 每次尝试的结果
help-status = 发布的整体状况：一切正常，或有什么问题；以及节点和通道
    .long = 直接从数据库读取，有没有服务器都可以。第一行说明是否有问题，下面几行说明是什么问题、该怎么做。“发送中”是正在发送的数量和同时发送的上限；“到期”是等待的数量（超过一千时写作 1000+），“最早”是其中第一个已等待多久。程序可以监视 `contenthub status --output json` 的 `ok` 和 `oldest_due_seconds`，与 GET /api/v1/scheduler/status 的回应相同。
help-doctor = 检查安装，并说明该怎么做：有问题时退出码为 1
    .long = 检查设置、磁盘、数据库、密钥、时钟、时区、可打开的文件数、任务、账号和服务器。不发布任何内容；除非给出 --offline，否则每个账号的平台都按 `account test` 的方式测试。
help-doctor--offline = 不询问各账号的平台
help-token = 谁可以使用 API
help-audit = 谁更改了什么，新的在前：人和令牌；发布了什么，见 `publisher history`
help-audit--who = 令牌的名称，或本机用户的名称
help-audit--resource = account、content、entry、pool、task、execution、publishing、token、import 或 database
help-audit--id = 该类中的某一个
help-audit--to = 在此时间之前
help-key = 加密凭据的密钥
help-key-rotate = 用新密钥加密所有凭据
    .after =
        生成一个新密钥，并用它加密所有账号的凭据，可以在服务器运行时进行：本机的服务器会自行继续。随时可以中断，之后再运行一次即可。

        旧密钥保留在新密钥旁边，文件名是 secret.key.FINGERPRINT：更早的数据库副本要用它才能打开。不再有这样的副本时请将其删除，并把新密钥复制到您保存密钥的地方和其他节点。

        如果密钥在 CONTENTHUB_SECRET_KEY 中，只有您能更改它：先在所有运行的程序中设为 NEW,OLD，再运行本命令，然后去掉 OLD。

        示例：
          $
help-bench = 测量执行器在本机上有多快
help-bench--entries = 发布多少个条目
help-bench--accounts = 分布在多少个账号上
help-bench--waiting = 这些账号上另有多少个条目在等待，一年后到期：看它们让其他条目慢多少
help-bench--lateness = 让条目在 20 秒内的确切时间到期，测量晚到多少
help-bench--lanes = 测量一个通道因旁边暂停、有间隔和无响应的通道损失多少，以及 100 个通道因一个通道损失多少。其他通道的条目按比例：每 20,000 个旁边有 100,000、10,000 和 8 乘 128 个
help-bench--tasks = 用这么多个启用的任务测量调度器：对节点启动、空闲和触发其中一个的影响；同一秒到期的 1000 个何时全部运行；每秒触发的晚多少
help-bench--hostile = 测量服务器被慢速客户端、空闲连接、无尽的请求体和压缩炸弹围攻时，其他人多快得到回应，以及占用多少内存
help-bench--render = 测量排版一篇达到微信上限的文章要多久
help-bench--connections = 与 --hostile 一起：空闲连接数；其中二十分之一是慢速的
help-bench--seconds = 与 --tasks 一起：空闲多久；触发的部分是它的两倍。与 --hostile 一起：每部分多久
help-config = 当前生效的设置
help-config-show = 显示每项设置及其来源
help-completions = 打印某种 shell 的补全脚本
    .after =
        示例：
          $

        bash 从 /etc/bash_completion.d/contenthub 读取它，zsh 从 $fpath 中某个文件夹的 _contenthub 读取。
help-man = 把手册页写入一个文件夹，每个命令一页
    .after =
        示例：
          $

        阅读其中一页：man -l man1/contenthub-publish-pool-add.1
help-man--dir = 不存在时会创建
help-publisher-history = 列出各次尝试，新的在前
help-publisher-history--account = 名称或编号
help-publisher-history--task = 仅限此任务各次运行的（名称或编号）
help-publisher-history--from = 在此时或之后结束的
help-publisher-history--to = 在此时之前结束的
help-publisher-show = 显示一次尝试
help-token-create = 创建令牌并打印，仅此一次
help-token-create--role = viewer、editor、operator 或 admin
help-token-create--accounts = 仅限此账号（名称或编号）；可多次给出 [默认：全部]
help-token-create--expires-in = 可用多久，例如 12h、30d 或 8w [默认：一直可用]
help-token-create--expires-at = 可用到何时
help-token-list = 列出令牌，不显示其密文
help-token-revoke = 立即吊销令牌
