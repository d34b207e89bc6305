# 各命令的结果。

said-next = { $first }{ $next }
warning = 警告：{ $what }

pause-done = 发布自 { $since } 起被 { $by } 暂停。`contenthub scheduler resume` 可恢复。
pause-done-because = 发布自 { $since } 起被 { $by } 暂停：{ $reason }。`contenthub scheduler resume` 可恢复。
pause-over = 发布已恢复；此前自 { $since } 起被 { $by } 暂停。
pause-none = 发布并未暂停。

run-nothing = 没有待发布的条目
run-completed = 发布完成：{ $counts }
run-interrupted = 发布中断：{ $counts }
run-interrupted-untried = 发布在尝试任何条目之前中断
run-cancelled = 发布已取消：{ $counts }
run-cancelled-untried = 发布在尝试任何条目之前取消
run-counts-next = { $first }，{ $rest }
run-count-succeeded = 成功 { $count }
run-count-failed = 失败 { $count }
run-count-uncertain = 状态不明 { $count }
run-count-in-progress = 进行中 { $count }
run-count-skipped = 跳过 { $count }
report-entry = 条目
report-content = 内容

job-interrupted = 中途中断：{ $what }
job-interrupted-early = 中途中断；此前已完成的仍然有效
job-process-gone = 中断：执行它的进程已不存在；此前已完成的仍然有效
job-cancelled = 中途取消：{ $what }
job-cancelled-early = 中途取消；此前已完成的仍然有效
job-cancelled-untried = 在开始之前取消
job-failed = 失败：{ $why }
job-copied = 数据库已复制到 { $path }（{ $bytes } 字节）；已删除 { $removed } 个旧副本
job-pruned = 已删除 { $runs } 次运行、{ $logs } 行发布日志和 { $keys } 个幂等键
job-pruned-pictures = { $removed }，以及 { $pictures } 张没有内容使用的图片
job-pruned-nothing = 没有足够旧、需要删除的内容
job-imported = 已导入 { $folder }：新建 { $created }，更新 { $updated }，未变 { $unchanged }；新增条目 { $added }
job-imported-bad = { $said }；{ $count } 个文件无法导入
job-imported-unsettled = { $said }；{ $count } 个文件正在写入，留待下次运行
job-recycled = 已将 { $count } 篇内容放回发布池
job-recycled-nothing = 没有要放回的内容
job-recycled-nothing-before = { $at } 之前没有要放回的内容
job-recycled-over = { $said }；任务已自行停用：{ $why }

migrate-nothing = 数据库结构已是最新，无需更新。
migrate-done = 数据库结构已更新：{ $run }。
migrate-copy = 更新前的数据库副本在 { $path }。
check-done = { $database } 存在。{ $schema }发现的问题：{ $count }。
check-new = 数据库是新的。
check-current = 其结构（{ $version }）是最新的。
check-behind-file = 其结构（{ $version }）落后 { $missing } 个版本；下一个命令（如 `db migrate`）会将其更新，并在旁边保留一份原样的副本。
check-behind-server = 其结构（{ $version }）落后 { $missing } 个版本；下一个命令（如 `db migrate`）会将其更新；请先备份。
backup-done = 数据库已复制到 { $path }（{ $bytes } 字节）。
backup-removed = 已删除旧副本：{ $count } 个。
note-key-not-in-it = 注意：密钥不在其中；请将 { $path } 另行保存
restore-done = { $database } 已恢复。在您同意之前，不会自动发布任何内容。
restore-kept = 原来的数据库保留在 { $path }。
restore-migrated = 副本的结构已更新：{ $run }。
restore-after = 副本制作之后新增或修改的内容不在其中。
restore-uncertain = 状态不明：{ $count }。请逐个查看是否已发出并说明：`publish-pool list --status uncertain`，`publish-pool resolve ID`。
restore-unproven = 未经证实：{ $count }。恢复发布后，它们会用同一个键重新发送，或先行查询。
restore-due-later = 稍后到期：{ $count }。它们会按时发布。
restore-tasks = 已停用的任务：{ $tasks }；`contenthub scheduler enable ID` 可让它们再次向发布池放入内容。
restore-paused = 发布已暂停。要继续，请先查看，然后启动服务器，再执行 `contenthub scheduler resume`。

import-sum = 新建 { $created }，更新 { $updated }，未变 { $unchanged }，跳过 { $skipped }；新增条目 { $added }，更新条目 { $changed }
import-sum-dry = 试运行，未作任何更改：{ $sum }
import-passed-over = 注意：忽略了其他程序的键：{ $keys }
import-stale = { $count } 个条目在发布之后有改动；--again 可再次发布
import-similar = 有 { $count } 个条目与另一篇的文字相同，而那一篇 30 天内已在其账号上发布，或正在等待：见“条目”一列
import-ended = { $count } 个条目此前失败或已取消；见 `publish-pool retry`

tested-answered = { $host } 在线：它对 OPTIONS 的回应是 { $status }。只有真正发布才能确认它会接收内容
tested-wechat-publishes = 微信认识此账号和本服务器的地址。它可以建立草稿（现有 { $drafts } 篇），也可以发布
tested-wechat-drafts = 微信认识此账号和本服务器的地址。它可以建立草稿（现有 { $drafts } 篇），但不能发布
tested-writable = { $folder } 可以写入
note-no-slots = 注意：账号 { $account }“{ $name }”没有发布时段；请用 account update --slots 设置
note-deduplicates = 注意：其接收端必须忽略已经见过的 webhook-id；若做不到，请用 --setting deduplicates=false 说明
slot-free = 空闲
preview-shifted = 顺延
slot-gone = 所在时段已不存在

type-publishing = 按优先级发布到期的内容：全部，或仅限某些账号、优先级或数量。
type-import-folder = 读取一个 Markdown 文件夹：新文件放入发布池，改动的更新，不会重复发布。
type-recycle = 将以前发布过的常青内容放回发布池，在设定时间内不会重复同一篇。
type-prune = 分小批删除旧的运行、旧的发布日志、过期的幂等键和没有内容使用的图片。发布池中的条目保留，何处发布过什么的记录也保留。
type-backup = 在使用中复制整个数据库，检查副本，并保留最新的几份。PostgreSQL 需要 pg_dump。
param-publishing-account-ids = 仅限这些账号的条目。
param-publishing-max-priority = 仅限此优先级或更紧急的条目；1 最紧急，10 最不紧急。
param-publishing-limit = 一次运行最多发布多少个条目。
param-import-folder = 文件夹：服务器上的绝对路径。
param-import-recursive = 也包括其中的子文件夹。
param-import-account-ids = 文件自己没有指定账号时发布到哪里。默认为唯一启用的账号。
param-import-priority = 文件没有指定优先级时条目的优先级。
param-recycle-content-ids = 哪些内容：列出的这些；否则是带有该标签的。
param-recycle-tag = 哪些内容：运行时带有此标签的。
param-recycle-account-ids = 在哪些账号上。默认为所有已启用且发布过该内容的账号。
param-recycle-count = 每个账号每次运行放回多少篇。
param-recycle-pause-days = 同一内容在这么多天内不会再次发到同一账号。
param-recycle-times-max = 每篇内容放回同一账号的次数；之后任务自行停用。默认不限。
param-recycle-until = 从此时起不再放回，任务自行停用。
param-prune-empty-runs-days = 没有任何工作的运行保留这么多天。
param-prune-runs-days = 其他运行保留这么多天。
param-prune-logs-days = 发布日志保留这么多天；未结束条目的日志一直保留。
param-prune-media-days = 图片不再有内容使用之后，或上传之后一直没有内容使用，保留这么多天。
param-backup-keep = 保留多少份副本；新副本确认完好后才删除旧的。
param-backup-folder = 存放位置：服务器上已有文件夹的绝对路径。默认为数据目录中的 `backups` 文件夹。
param-required = 必填
param-range = { $least } 至 { $most }
param-default = 默认：{ $value }

hint-make-database = 请在该服务器上以该用户执行 createdb { $name } 创建它，或用 --database-url 指定另一个数据库。
hint-database-refused = 请启动那里的 PostgreSQL，或更正主机和端口：--database-url、CONTENTHUB_DATABASE_URL 或 contenthub.toml 中的 database_url。
hint-database-host = 请更正 --database-url、CONTENTHUB_DATABASE_URL 或 contenthub.toml 中 database_url 的主机名。
hint-database-user = 请指定该服务器允许登录的用户：postgres://USER:PASSWORD@HOST/NAME。
hint-not-sqlite = 请用 --database-url 或 --data-dir 指定另一个文件；若它原本是数据库，请用 contenthub db restore 恢复最近一次完好的备份。
hint-database-file = 请查看其文件夹是否存在、谁可以写入；可用 --data-dir 或 --database-url 指定另一个位置。
hint-database-newer = 请使用更新的程序，或恢复升级之前的备份：contenthub db restore 文件。

hint-changed = 请重新读取，再以其当前版本提交更改。
hint-key-reused = 一个键在 24 小时内只代表一个请求；请为每个要创建的内容使用不同的键。
warning-open-files = 无法提高可打开的文件数：{ $error }
import-line = 第 { $line } 行：{ $what }

progress-line = { $what }：{ $done }/{ $total }
progress-note = （{ $note }）
progress-running = 正在运行
progress-publishing = 正在发布
progress-reading-files = 正在读取文件
progress-writing = 正在写入数据库
progress-counts = 已发布 { $published }，失败 { $failed }
progress-counts-uncertain = 已发布 { $published }，失败 { $failed }，状态不明 { $uncertain }

import-entry = { $account }：{ $became }
import-entry-id = （条目 { $entry }）
import-entry-due = ，{ $at } 到期
import-entry-note = ，{ $note }

# 压测正在进行的部分。
bench-filling = 正在填充发布池
bench-publishing = 正在发布
bench-asking-alone = 没有攻击时的请求
bench-starting = 正在启动
bench-alone-filling = 单独：正在填充发布池
bench-alone-starting = 单独：正在启动
bench-alone-publishing = 单独：正在发布
bench-alone-exact = 单独：正在按精确时间发布
bench-crowded-filling = 拥挤：正在填充发布池
bench-crowded-waiting = 拥挤：等待挂起的通道占满
bench-crowded-publishing = 拥挤：正在发布
bench-crowded-exact = 拥挤：正在按精确时间发布
bench-many-filling = 100 个通道：正在填充发布池
bench-many-starting = 100 个通道：正在启动
bench-many-publishing = 100 个通道：正在发布
bench-start-one = 只有一个任务时启动
bench-tick-one = 只有一个任务时触发它
bench-start-all = 有全部任务时启动
bench-tick-all = 有全部任务时触发其中一个
bench-making-tasks = 正在创建任务
bench-idling = 空闲
bench-burst = 同一秒到期的任务
bench-ticking = 每秒触发的任务
bench-rendering = 正在排版文章
bench-slow-heads = 缓慢的请求头
bench-slow-bodies = 缓慢的请求体
bench-idle-connections = 空闲的连接
bench-endless-bodies = 无尽的请求体
bench-bombs = 压缩炸弹

# 服务器最先显示的几行。
serve-listening = ContentHub 正在监听 { $at }
serve-unencrypted = ContentHub 正在监听 { $address }，而且没有加密：途中任何人都能读取令牌并使用它们。请设置 --tls-cert 和 --tls-key；或在前面放一个有 TLS 的代理，并设置 --behind-proxy X-Forwarded-For；或监听 127.0.0.1。见 docs/exposing.md。
demo-site = 网站：
demo-token = 令牌：
demo-try = 试一试：
demo-mine = 我的文章
demo-hello = # 你好
demo-end = 文章会在接下来的一分钟内陆续发布。按 Ctrl-C 结束，临时目录也随之删除。
