# 命令行的文字。

span-seconds = { $count } 秒
span-minutes = { $count } 分钟
span-hours = { $count } 小时
span-days = { $count } 天
relative-now = 现在
relative-in = { $span }后
relative-ago = { $span }前

failure = 错误：{ $what }
content-preview-note = 注意：{ $what }
hint = 提示：{ $what }
hint-no-database = 请用 --data-dir 或 --database-url 指明位置；`contenthub config show` 会显示当前设置。首次运行 `contenthub serve` 会创建数据库。
hint-stopped-run = 再次执行同一命令，即可处理剩下的内容；它们属于执行 { $execution }，其报告届时见 `contenthub scheduler history`。
hint-stopped = 再次执行同一命令，即可处理剩下的内容。
hint-by-pg-restore = 在没有服务器运行时：先 pg_restore --clean --if-exists --no-owner -d DATABASE FILE，然后 `contenthub db restore --after`。
hint-node-alive = 请停止它；若它是被强制结束的，请等到其租约到期。
hint-unsound = 请停止服务器，保留一份副本，然后恢复最近一次完好的备份。
hint-port = 该端口已被其他程序占用；请用 --listen 127.0.0.1:端口 另选一个。
hint-already-in-pool = 请修改或取消该条目，或等待它发布完成。
hint-already-published = 如果确实要在那里再发布一次，请加上 --again。
hint-similar-text = 如果仍要在那里发布，请加上 --again；contenthub account update --on-similar warn 可让账号接受这样的内容。
hint-uncertain = 请查看是否已发出，并用 contenthub publish-pool resolve 说明。
hint-maybe-published = 请等待下一次尝试，或用 contenthub publish-pool resolve 说明结果。
hint-wrong-secret-key = 请使用此数据库的密钥启动：CONTENTHUB_SECRET_KEY，或数据目录中的 secret.key。
hint-in-use = 请先取消或移除这些条目。
hint-in-a-moment = 请稍后再试。
hint-no-account = contenthub account list 可列出所有账号。
hint-no-content = contenthub content list 可列出所有内容。
hint-no-entry = contenthub publish-pool list 可列出所有条目；已移除条目的结果见 contenthub publisher history --entry ID。
hint-no-task = contenthub scheduler list 可列出所有任务。
hint-no-log-row = contenthub publisher history 可列出所有记录。
hint-no-media = contenthub media list 可列出所有图片。
hint-no-token = contenthub token list 可列出所有令牌。

done-added = 条目 { $entry }：内容 { $content } 将于 { $at } 在账号 { $account } 上发布，优先级 { $priority }。
done-added-waits = 条目 { $entry }：内容 { $content } 已进入账号 { $account } 的发布池，优先级 { $priority }，目前等待中：{ $why }
done-added-now = 条目 { $entry }：内容 { $content } 现在就在账号 { $account } 上发布，优先级 { $priority }。
done-entry-gone = 条目 { $entry } 已移除；其日志保留。
done-cleared = 已移除 { $count } 个已发布的条目；日志保留。
done-task-made = 任务 { $task }“{ $name }”已创建：{ $schedule }；下次运行：{ $at }。
done-task-made-on-due = 任务 { $task }“{ $name }”已创建：{ $schedule }。
done-task-made-disabled = 任务 { $task }“{ $name }”已创建：{ $schedule }；已停用，触发时才运行。
done-task-gone = 任务 { $task } 已删除；其历史保留。
done-task-enabled = 任务 { $task }“{ $name }”已启用。
done-task-disabled = 任务 { $task }“{ $name }”已停用。
done-run-cancelled = 执行 { $execution } 已取消。
done-run-stopped = 执行 { $execution } 不再取新的条目。还有 { $count } 条正在发送：最后一条结束时，本次运行即告结束（contenthub scheduler history { $task }）。
done-content-made = 内容 { $content }“{ $title }”已创建。
done-content-gone = 内容 { $content } 已删除。
done-media-added = 图片 { $media }：{ $file }（{ $kind }，{ $width } × { $height }）已保存；在正文中的地址是：
done-media-known = 图片 { $media }：{ $file }（{ $kind }，{ $width } × { $height }）此前已保存；在正文中的地址是：
done-media-gone = 图片 { $media } 已移除。
done-account-made = 账号 { $account }“{ $name }”已创建。
done-account-gone = 账号 { $account }“{ $name }”已删除。
done-account-works = 账号 { $account }“{ $name }”：{ $message }。
done-token-made = 令牌 { $token }“{ $name }”（{ $role }）；仅此时显示：
done-token-revoked = 令牌 { $token } 已吊销。
done-key-rotated =
    { $count ->
        [0] 没有需要加密的凭据。新凭据将使用密钥 { $key } 加密。
       *[other] { $count } 个账号的凭据已使用新密钥 { $key } 加密。
    }
done-key-in-use = 凭据已使用其中第一个密钥（{ $key }）加密。
note-key-aside = 注意：旧密钥保存在 { $files }；不再有之前的数据库副本时请将其删除
note-key-given = 注意：现在请从 CONTENTHUB_SECRET_KEY 中去掉旧密钥；只要还有之前的数据库副本，就请保留它
done-man = { $dir } 中有 { $count } 页手册；man -l { $dir }/contenthub.1 显示第一页。
list-goes-on = 可能还有更多：--cursor { $next } 从那里继续。
list-more = 第 { $first } 至 { $last } 项，共 { $total } 项；--page { $next } 显示下一页。

ask-account-name = 账号名称
ask-platform = 平台
ask-task-name = 任务名称
ask-schedule = 何时运行？
ask-task-type = 做什么？
ask-timezone = 时区
ask-on-due = 有条目到期时
ask-interval = 每隔若干秒
ask-cron = 按 cron 表达式的时间
ask-once = 一次
ask-interval-seconds = 两次运行之间的秒数
ask-cron-expression = cron 表达式（分 时 日 月 星期），例如 0 9 * * 1-5
ask-run-at = 何时（{ $zone }），例如 2030-02-06 12:00

show-what-to-do = 现在可以做的：
show-attempts-more = 共 { $count } 次尝试；contenthub publisher history 可查看全部。

report-total = 总计 { $total }，成功 { $succeeded }，失败 { $failed }，跳过 { $skipped }；{ $seconds } 秒
report-skipped = 账号 { $account }：跳过 { $count } 个：{ $reason }
