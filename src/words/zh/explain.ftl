# 条目为何处于当前状态：contenthub publish-pool show，GET /publish-pool/{id}?explain=true。
explain-pool = 条目 { $entry } 在发布池中：内容 { $content }“{ $title }”，账号“{ $account }”，优先级 { $priority }。

explain-status-pending = 状态为 pending：等待发布。
explain-status-unproven = 状态为 pending，之前的尝试可能已经发布：下一次会用同一个键重发同一篇。
explain-status-look-up = 将于 { $at } 查询之前的尝试是否已经发布；在此之前不会发送任何内容。
explain-status-submitted = 平台已于 { $since } 接收并正在处理；将于 { $at } 询问结果。
explain-status-publishing = 正在发布：第 { $attempt } 次尝试，节点 { $node }，开始于 { $since }。
explain-status-published = 已于 { $at } 发布：{ $where }
explain-status-failed = 已失败，不会自动重试：{ $error }
explain-status-too-late = 未发出即失败：已经太迟。{ $error }
explain-status-gave-up = 未发出即失败：平台停机太久。{ $error }
explain-status-uncertain = 可能已经发出，只有人才能确认：{ $error }
explain-status-cancelled = 已被取消。

explain-due-since = 已到期，自 { $at } 起。
explain-due-scheduled = 尚未到期：时间为 { $at }。
explain-due-backoff = 已尝试过，将于 { $at } 再次到期。

explain-before-none = 在它的通道中，它排在最前。
explain-before-one = 在它的通道中，前面还有 1 个条目。
explain-before-some = 在它的通道中，前面还有 { $count } 个条目。

explain-lane-open = 通道畅通：{ $places } 个位置已占用 { $busy } 个。
explain-lane-full = 通道已满：{ $places } 个位置已占用 { $busy } 个。
explain-lane-disabled = 通道关闭：账号“{ $account }”已停用。
explain-lane-suspended = 通道关闭：账号“{ $account }”已暂停，需人工恢复：{ $reason }
explain-lane-suspended-until = 通道关闭：账号“{ $account }”暂停至 { $until }：{ $reason }
explain-lane-wrong-key = 通道关闭：账号“{ $account }”的凭据是用另一个密钥加密的，本进程没有该密钥。
explain-lane-asked-to-wait = 通道关闭：平台要求等到 { $until }。
explain-lane-down = 通道关闭：平台自 { $since } 起没有响应；下一次试探在 { $until }。
explain-lane-tried = 通道关闭：平台自 { $since } 起没有响应；正在逐个试探。
explain-lane-window = 通道关闭：账号“{ $account }”只在其时间窗口内发布；下一个窗口在 { $until } 打开。
explain-lane-window-never = 通道关闭：账号“{ $account }”只在其时间窗口内发布，而这些窗口永远不会打开。
explain-lane-cap = 通道关闭：已达到每日上限 { $cap }；将于 { $until } 打开。
explain-lane-spacing = 通道关闭：两篇之间间隔 { $seconds } 秒；将于 { $until } 打开。

explain-content-approved = 内容已批准（第 { $revision } 版）。
explain-content-draft = 内容未批准：第 { $revision } 版是草稿。
explain-content-pending-review = 内容未批准：第 { $revision } 版等待审核。
explain-content-rejected = 内容未批准：第 { $revision } 版已被拒绝。
explain-extra-draft = 同批内容 { $content } 未批准：第 { $revision } 版是草稿。
explain-extra-pending-review = 同批内容 { $content } 未批准：第 { $revision } 版等待审核。
explain-extra-rejected = 同批内容 { $content } 未批准：第 { $revision } 版已被拒绝。

explain-clock-held = 时钟可疑期间不发布任何内容：{ $reason }
explain-paused = 全部发布已暂停；`contenthub scheduler resume` 恢复。
explain-no-task = 没有启用的任务发布此账号和优先级的条目。
explain-no-server = 没有服务器在运行，因此任务 { $task }“{ $name }”不会触发。
explain-task-on-due = 任务 { $task }“{ $name }”会在轮到它时立即发布。
explain-task-next-run = 任务 { $task }“{ $name }”发布到期的内容；下次运行在 { $at }。
explain-task-runs = 任务 { $task }“{ $name }”发布到期的内容，时间已到。

explain-retries-left = 已尝试 { $attempts } 次；重试已用 { $used }/{ $max } 次，还剩 { $left } 次。
explain-retries-none = 已尝试 { $attempts } 次；{ $max } 次重试已全部用完。

explain-next-person = 需要人工处理后才会再尝试。
explain-next-asked = 将于 { $at } 询问平台。
explain-next-at = 将于 { $at } 尝试。
explain-next-now = 现在或马上就会尝试。
explain-next-unknown = 阻碍消失后会立即尝试。

explain-do-retry = 再试一次：
explain-do-it-is-out = 请查看是否已发出。如果已发出：
explain-do-try-again = 如果没有发出，再试一次：
explain-do-leave-it = 如果没有发出，并且不再发布：
explain-do-approve = 批准其内容：
explain-do-now = 让它现在就发布：
explain-do-enable-account = 启用其账号：
explain-do-test = 检查其账号是否可用：
explain-do-resume = 问题解决后恢复其账号：
explain-do-key = 请使用此数据库的密钥启动（CONTENTHUB_SECRET_KEY，或数据目录中的 secret.key），并检查：
explain-do-window = 让账号随时可以发布：
explain-do-cap = 取消每日上限：
explain-do-spacing = 取消间隔：
explain-do-first = 让它先发布：
explain-do-enable-task = 让任务重新发布：
explain-do-create-task = 创建一个在到期时发布的任务：
explain-do-trigger = 现在发布到期的内容：
explain-do-serve = 启动服务器：
