# contenthub scheduler。

help-scheduler--id = 名称或编号
help-scheduler--interval = 两次运行之间的秒数，1 至 31622400
help-scheduler--cron = 在 cron 表达式指定的时间运行，例如 "0 9 * * 1-5"
help-scheduler--run-at = 在此时间运行一次
help-scheduler--on-due = 有条目到期时就运行
help-scheduler--misfire--fire-once = 合为一次运行，立即进行
help-scheduler--misfire--skip = 不再补上
help-scheduler--misfire--fire-all = 逐个补上，每次一个运行；最多补最近的 100 个
help-scheduler-list = 列出任务，每次一页
help-scheduler-list--name = 名称的一部分
help-scheduler-list--task-type = 仅限此类型的，例如 publishing
help-scheduler-list--enabled = 仅限已启用的（true），或未启用的（false）
help-scheduler-create = 创建任务；在终端上不带参数时会逐项询问
    .after =
        示例：
          每五分钟：
            $
          工作日九点，上海时间（分、时、日、月、星期；写六个时，最前面是秒）：
            $
          一次；之后任务自行停用：
            $
          有条目到期时：
            $
          仅限紧急的，每次最多十个：
            $
          每夜复制一份数据库，保留最近的 14 份：
            $
          每分钟读取一个 Markdown 文件夹；其中新的内容会发布：
            $

        `contenthub scheduler task-types` 显示任务可以做什么，以及 --param 可以告诉它什么。

        --timezone 是 cron 表达式的时区，也是没有写时区偏移的时间的时区。
help-scheduler-create--task-type = 任务做什么
help-scheduler-create--params = 告诉它的参数，例如 limit=10；见 `scheduler task-types`
help-scheduler-create--misfire = 对错过一分钟以上的运行怎么办，例如因为没有服务器在运行
help-scheduler-create--next-run = 按间隔运行时的第一次（默认：从现在起一个间隔之后）
help-scheduler-create--disabled = 创建，但不让它运行
help-scheduler-show = 显示一个任务
help-scheduler-update = 更改任务；下次运行从现在重新计算
    .after =
        示例：
            $
            $
            $
            $
            $

        任务改用另一种计划时，原来的计划即被去掉。
help-scheduler-update--params = 告诉它的参数；与原有的合并
help-scheduler-update--no-params = 去掉原有的参数
help-scheduler-update--misfire = 对错过一分钟以上的运行怎么办
help-scheduler-update--next-run = 按间隔运行时的下一次
help-scheduler-enable = 让任务自行运行
help-scheduler-disable = 停用任务：只在触发时运行
help-scheduler-delete = 移除任务；其历史保留
help-scheduler-task-types = 显示任务可以做什么，以及 --param 可以告诉它什么
help-scheduler-preview = 显示任务将在何时运行，或假如有它会在何时运行
    .after =
        示例：
          任务 1 接下来的五次运行：
            $
          还没有任务时，看看一个计划会怎样：
            $
            $
            $

        “顺延”表示该时间因调整时钟而不存在，于是在调整之后的第一个时刻运行。
help-scheduler-preview--id = 已保存的任务的名称或编号；可以是停用的
help-scheduler-preview--first-run = 按间隔运行时的第一次（默认：--from 之后一个间隔）
help-scheduler-preview--count = 多少次运行，1 至 1000（默认：5）
help-scheduler-preview--from = 仅限晚于此时间的运行（默认：现在）
help-scheduler-trigger = 立即运行任务，等待结束，并打印报告
help-scheduler-pause = 在所有节点上停止全部发布，直到恢复
    .long = 不再开始运行，也不再发送任何新内容；正在发送的照常结束。期间到期的内容和任务都会等待；被触发的任务会说明它本来会发布什么。重启之后仍然有效。
help-scheduler-pause--reason = 原因，供想知道的人查看
help-scheduler-resume = 恢复发布：期间到期的内容会发布，任务从现在起在各自的下一个时间触发
help-scheduler-cancel = 结束一次运行：不再取新的条目，正在发送的照常结束
    .long = 本命令立即返回，并说明还有多少条正在发送；最后一条结束时运行即被取消，其报告说明每一条的结果。
help-scheduler-history = 显示一个任务或全部任务的运行，新的在前
help-scheduler-history--task = 仅限此任务（名称或编号）
help-scheduler-history--status = 仅限状态为 queued、running、succeeded、failed、cancelled 或 interrupted 的
help-scheduler-history--trigger = 仅限由 schedule、api 或 cli 启动的
