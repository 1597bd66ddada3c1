/** The words that fields can hold. */
export const zh = {
  choice: {
    account: {
      status: {
        prospect: "潜在",
        active: "成交",
        dormant: "沉睡",
        lost: "流失",
        blocked: "停用",
      },
      pool_state: { owned: "有负责人", pooled: "公海" },
    },
    contact: {
      decision_role: {
        decider: "决策人",
        influencer: "影响人",
        buyer: "采购",
        user: "使用人",
        gatekeeper: "把关人",
      },
    },
    contract: {
      kind: {
        sale: "销售合同",
        framework: "框架合同",
        call_off: "框架下订单",
        service: "服务合同",
      },
      status: {
        draft: "草稿",
        signed: "已签订",
        effective: "生效",
        completed: "已完成",
        terminated: "已终止",
      },
    },
    interaction: {
      kind: {
        visit: "拜访",
        call: "电话",
        message: "消息",
        meeting: "会议",
        mail: "邮件",
        note: "备注",
      },
    },
    invoice_application: {
      kind: { special: "增值税专用发票", ordinary: "普通发票" },
      status: { applied: "已申请", issued: "已开票", rejected: "已驳回", voided: "已作废" },
    },
    opportunity: {
      outcome: {
        open: "进行中",
        won: "赢单",
        lost: "输单",
        invalid: "无效",
        duplicate: "重复",
        shelved: "搁置",
      },
    },
    stage_change: {
      kind: {
        open: "创建",
        forward: "推进",
        back: "退回",
        skip: "跳过",
        close: "结束",
        reopen: "重开",
        complete: "完成",
        correction: "更正",
      },
      outcome: {
        open: "进行中",
        won: "赢单",
        lost: "输单",
        invalid: "无效",
        duplicate: "重复",
        shelved: "搁置",
      },
    },
    order: {
      kind: { sale: "销售", return: "退货", credit: "折让", cancel: "取消" },
      status: {
        placed: "已下单",
        in_production: "生产中",
        delivered: "已送达",
        accepted: "已验收",
        cancelled: "已取消",
      },
    },
    payment_plan: {
      kind: {
        advance: "预付款",
        progress: "进度款",
        delivery: "发货款",
        acceptance: "验收款",
        retention: "质保金",
        other: "其他",
      },
      due_by: {
        date: "固定日期",
        signing: "签订后",
        shipment: "发货后",
        acceptance: "验收后",
        invoice: "开票后",
      },
      status: {
        waiting: "待触发",
        due: "应收",
        partly_paid: "部分已收",
        paid: "已收齐",
        written_off: "已核销坏账",
      },
    },
    payment_request: {
      status: { draft: "草稿", sent: "已发出", paid: "已付款", cancelled: "已取消" },
    },
    pool_move: {
      kind: { claim: "认领", assign: "分配", release: "释放", return: "回收", request: "申请" },
    },
    quote: {
      outcome: {
        draft: "草稿",
        in_approval: "审批中",
        approved: "已批准",
        sent: "已发送",
        accepted: "已接受",
        partial: "部分接受",
        declined: "已拒绝",
        expired: "已过期",
        superseded: "已替换",
        withdrawn: "已撤回",
      },
    },
    receipt: {
      kind: { payment: "货款", advance: "预收款", retention: "质保金", refund: "退款" },
    },
    target: { grain: { month: "月", quarter: "季度", year: "年" } },
    ticket: {
      severity: { low: "低", normal: "一般", high: "高", urgent: "紧急" },
      status: {
        open: "待受理",
        in_progress: "处理中",
        paused: "已暂停",
        resolved: "已解决",
        closed: "已关闭",
        cancelled: "已取消",
      },
    },
    todo: {
      source: {
        manual: "手工",
        rule: "规则",
        alert: "预警",
        ticket: "工单",
        approval: "审批",
        handover: "交接",
        health: "健康度",
      },
      state: { open: "待办", snoozed: "已推迟", done: "已完成", cancelled: "已取消" },
    },
    user: { language: { zh: "中文", en: "English" } },
  },
  attachment: {
    requirements: "客户需求文档",
    signed_contract: "已签合同",
    drawing: "图纸",
    photo: "照片",
    quote: "报价文件",
    invoice: "发票",
    other: "其他",
  },
};
