//! What the demo firm sells, to whom, against whom, and with which teams.

/// A region and what is typical of it.
pub(super) struct Region {
    pub(super) name: &'static str,
    /// Share of the accounts.
    pub(super) share: f64,
    /// Mean days from opening to winning that a deal is planned for, before and after the change
    /// half way. What is under way at the change is counted with the later half: to win in 33 days
    /// there on average, new deals take less.
    pub(super) cycle: (f64, f64),
    /// Share of decided deals that are won.
    pub(super) win: f64,
    /// Provinces: name, latitude and longitude in millionths of a degree, cities.
    pub(super) places: &'static [Province],
}

/// A province: its name, where it lies in millionths of a degree, its cities.
pub(super) type Province = (&'static str, (i64, i64), &'static [&'static str]);

pub(super) const REGIONS: [Region; 4] = [
    Region {
        name: "华东",
        share: 0.36,
        cycle: (41.0, 41.0),
        win: 0.385,
        places: &[
            (
                "江苏",
                (31_490_000, 120_310_000),
                &["苏州", "无锡", "南京", "常州", "南通", "徐州"],
            ),
            (
                "浙江",
                (29_870_000, 121_540_000),
                &["宁波", "杭州", "温州", "嘉兴", "台州"],
            ),
            ("上海", (31_230_000, 121_470_000), &["上海"]),
            (
                "山东",
                (36_070_000, 120_380_000),
                &["青岛", "烟台", "淄博", "东营"],
            ),
            (
                "安徽",
                (31_820_000, 117_230_000),
                &["合肥", "芜湖", "马鞍山"],
            ),
        ],
    },
    Region {
        name: "华南",
        share: 0.26,
        cycle: (47.8, 31.4),
        win: 0.34,
        places: &[
            (
                "广东",
                (23_130_000, 113_260_000),
                &["广州", "深圳", "佛山", "东莞", "惠州", "珠海", "湛江"],
            ),
            (
                "福建",
                (24_480_000, 118_090_000),
                &["厦门", "福州", "泉州", "漳州"],
            ),
            ("广西", (22_820_000, 108_370_000), &["南宁", "柳州", "钦州"]),
            ("海南", (20_040_000, 110_340_000), &["海口", "儋州"]),
        ],
    },
    Region {
        name: "华北",
        share: 0.23,
        cycle: (52.0, 52.0),
        win: 0.325,
        places: &[
            ("北京", (39_900_000, 116_400_000), &["北京"]),
            ("天津", (39_130_000, 117_200_000), &["天津"]),
            (
                "河北",
                (38_040_000, 114_510_000),
                &["唐山", "石家庄", "沧州", "邯郸", "保定"],
            ),
            ("山西", (37_870_000, 112_550_000), &["太原", "大同", "长治"]),
            ("内蒙古", (40_650_000, 109_840_000), &["包头", "鄂尔多斯"]),
        ],
    },
    Region {
        name: "西部",
        share: 0.15,
        cycle: (58.0, 58.0),
        win: 0.29,
        places: &[
            (
                "四川",
                (30_570_000, 104_070_000),
                &["成都", "绵阳", "德阳", "泸州"],
            ),
            ("重庆", (29_560_000, 106_550_000), &["重庆"]),
            ("陕西", (34_340_000, 108_940_000), &["西安", "宝鸡", "榆林"]),
            ("新疆", (43_820_000, 87_620_000), &["乌鲁木齐", "克拉玛依"]),
            ("云南", (25_040_000, 102_720_000), &["昆明", "曲靖"]),
        ],
    },
];

/// A person: the name to sign in with, and their own.
pub(super) type Name = (&'static str, &'static str);

/// A team that sells.
pub(super) struct Team {
    pub(super) name: &'static str,
    /// The place of its region in [`REGIONS`].
    pub(super) region: usize,
    /// The lead, where it is not the manager of the region.
    pub(super) lead: Option<Name>,
    pub(super) reps: &'static [Name],
    pub(super) assistant: Option<Name>,
}

/// Two people are called 王磊: labels must tell them apart.
pub(super) const TEAMS: [Team; 5] = [
    Team {
        name: "华东一组",
        region: 0,
        lead: Some(("meng.fan", "孟凡")),
        reps: &[
            ("wang.lei", "王磊"),
            ("lu.xiaowen", "陆晓雯"),
            ("shen.guoqiang", "沈国强"),
            ("xu.jiayi", "徐佳怡"),
        ],
        assistant: Some(("wu.ting", "吴婷")),
    },
    Team {
        name: "华东二组",
        region: 0,
        lead: Some(("qin.xiaofeng", "秦晓峰")),
        reps: &[
            ("qian.wentao", "钱文涛"),
            ("zhu.lihua", "朱丽华"),
            ("jiang.haoran", "蒋浩然"),
        ],
        assistant: Some(("zheng.yu", "郑雨")),
    },
    Team {
        name: "华南大区",
        region: 1,
        lead: None,
        reps: &[
            ("chen.junjie", "陈俊杰"),
            ("huang.meiling", "黄美玲"),
            ("lin.jiahao", "林嘉豪"),
            ("he.wanting", "何婉婷"),
            ("deng.yongcheng", "邓永成"),
        ],
        assistant: Some(("he.jing", "何静")),
    },
    Team {
        name: "华北大区",
        region: 2,
        lead: None,
        reps: &[
            ("zhang.haitao", "张海涛"),
            ("liu.xuemei", "刘雪梅"),
            ("li.jianjun", "李建军"),
            ("sun.lixin", "孙立新"),
            ("ma.xiaodong", "马晓东"),
        ],
        assistant: Some(("tian.tian", "田甜")),
    },
    Team {
        name: "西部大区",
        region: 3,
        lead: None,
        reps: &[
            ("wang.lei.xb", "王磊"),
            ("luo.chunyan", "罗春燕"),
            ("tang.zhigang", "唐志刚"),
        ],
        assistant: None,
    },
];

/// The managers of the regions, in the order of [`REGIONS`].
pub(super) const MANAGERS: [Name; 4] = [
    ("gu.jianping", "顾建平"),
    ("liang.zhiheng", "梁志恒"),
    ("zhao.zhenguo", "赵振国"),
    ("yang.wenbin", "杨文彬"),
];

/// The team of the east that looks after these industries is the second one.
pub(super) const SECOND_TEAM_INDUSTRIES: [usize; 3] = [1, 5, 7];

/// The region whose cycle falls.
pub(super) const IMPROVING: usize = 1;

/// A product: id, name, series, list price in yuan, material.
pub(super) const PRODUCTS: [(&str, &str, &str, i64, &str); 24] = [
    ("QF-041", "Q41F 浮动球阀 DN50", "球阀", 680, "碳钢"),
    ("QF-047", "Q47H 固定球阀 DN200", "球阀", 9_800, "碳钢"),
    ("QF-061", "Q61F 焊接球阀 DN100", "球阀", 2_450, "不锈钢"),
    ("QF-647", "Q647 V型球阀 DN80", "球阀", 5_600, "不锈钢"),
    ("DF-371", "D371X 对夹蝶阀 DN150", "蝶阀", 520, "球墨铸铁"),
    ("DF-343", "D343H 三偏心蝶阀 DN300", "蝶阀", 6_900, "碳钢"),
    ("DF-941", "D941X 法兰蝶阀 DN600", "蝶阀", 14_500, "球墨铸铁"),
    ("ZF-041", "Z41H 楔式闸阀 DN100", "闸阀", 1_280, "碳钢"),
    ("ZF-045", "Z45X 软密封闸阀 DN200", "闸阀", 1_960, "球墨铸铁"),
    (
        "ZF-961",
        "Z961Y 高压电站闸阀 DN150",
        "闸阀",
        18_600,
        "合金钢",
    ),
    ("JF-041", "J41H 截止阀 DN65", "截止阀", 860, "碳钢"),
    ("JF-061", "J61Y 高温截止阀 DN50", "截止阀", 3_200, "合金钢"),
    ("HF-044", "H44H 旋启止回阀 DN150", "止回阀", 1_450, "碳钢"),
    (
        "HF-076",
        "H76X 双瓣止回阀 DN250",
        "止回阀",
        1_780,
        "球墨铸铁",
    ),
    ("TF-100", "T100 单座调节阀 DN50", "调节阀", 7_800, "不锈钢"),
    (
        "TF-200",
        "T200 套筒调节阀 DN100",
        "调节阀",
        13_600,
        "合金钢",
    ),
    ("TF-300", "T300 自力式减压阀 DN80", "调节阀", 4_900, "碳钢"),
    ("ZD-060", "ZD-60 电动执行器", "电动执行器", 3_600, "铝合金"),
    (
        "ZD-200",
        "ZD-200 智能电动执行器",
        "电动执行器",
        8_900,
        "铝合金",
    ),
    (
        "ZD-600",
        "ZD-600 防爆电动执行器",
        "电动执行器",
        16_800,
        "铝合金",
    ),
    ("ZQ-083", "ZQ-83 气动执行器", "气动执行器", 980, "铝合金"),
    ("ZQ-160", "ZQ-160 气动执行器", "气动执行器", 2_600, "铝合金"),
    ("GJ-090", "不锈钢弯头三通管件组", "管件", 320, "不锈钢"),
    ("GJ-600", "碳钢法兰管件组 DN100", "管件", 460, "碳钢"),
];

/// How long deals of a series take, and how willingly they are bought.
pub(super) fn series_effect(series: &str) -> (f64, f64) {
    match series {
        "管件" => (0.82, 1.12),
        "球阀" | "蝶阀" | "截止阀" | "止回阀" => (0.94, 1.05),
        "调节阀" => (1.18, 0.9),
        "电动执行器" => (1.22, 0.88),
        _ => (1.02, 1.0),
    }
}

/// Industries: name, share, how an enterprise of it is called.
pub(super) const INDUSTRIES: [(&str, f64, &[&str]); 8] = [
    ("石油化工", 0.2, &["石化", "化工", "新材料", "精细化工"]),
    (
        "水务环保",
        0.18,
        &["水务", "环保科技", "水处理工程", "环境工程"],
    ),
    ("电力热电", 0.13, &["热电", "电力设备", "能源"]),
    ("钢铁冶金", 0.1, &["钢铁", "冶金设备", "特钢"]),
    ("制药食品", 0.12, &["制药", "生物科技", "食品"]),
    ("楼宇暖通", 0.12, &["暖通工程", "机电安装", "消防工程"]),
    ("船舶海工", 0.06, &["船舶重工", "海洋工程"]),
    ("新能源", 0.09, &["新能源", "锂电材料", "光伏科技"]),
];

/// What distributors are called.
pub(super) const DISTRIBUTORS: [&str; 5] =
    ["流体设备", "阀门销售", "机电设备", "管阀贸易", "工业品"];

/// Sources of accounts and deals with their shares.
pub(super) const SOURCES: [(&str, f64); 7] = [
    ("老客户", 0.26),
    ("转介绍", 0.17),
    ("展会", 0.15),
    ("官网询盘", 0.16),
    ("电话开发", 0.12),
    ("招投标", 0.09),
    ("设计院推荐", 0.05),
];

/// Competitors with their shares; none of them exists.
pub(super) const COMPETITORS: [(&str, f64); 6] = [
    ("江泽阀业", 0.3),
    ("永固流体", 0.22),
    ("远控自动化", 0.16),
    ("德立克", 0.14),
    ("凯诺阀门", 0.12),
    ("北辰管阀", 0.06),
];

/// Reasons of a loss with their shares, and whether a competitor is behind it.
pub(super) const LOSSES: [((&str, bool), f64); 7] = [
    (("价格偏高", true), 0.3),
    (("交期过长", true), 0.17),
    (("竞品已入围", true), 0.15),
    (("客户项目取消", false), 0.13),
    (("预算不足", false), 0.1),
    (("技术参数不满足", true), 0.09),
    (("长期无回应", false), 0.06),
];

/// Kinds of tickets with their shares.
pub(super) const TICKET_KINDS: [(&str, f64); 6] = [
    ("安装调试", 0.24),
    ("泄漏维修", 0.2),
    ("备件更换", 0.18),
    ("选型咨询", 0.16),
    ("交期查询", 0.13),
    ("质量投诉", 0.09),
];

/// Severities with their shares and the working hours within which they are usually solved.
pub(super) const SEVERITIES: [((&str, i64), f64); 4] = [
    (("low", 40), 0.3),
    (("normal", 24), 0.44),
    (("high", 8), 0.2),
    (("urgent", 4), 0.06),
];

/// Kinds of interactions with their shares, and how often the customer answers.
pub(super) const CONTACTS: [((&str, f64), f64); 5] = [
    (("call", 0.74), 0.36),
    (("message", 0.7), 0.27),
    (("visit", 0.97), 0.2),
    (("mail", 0.55), 0.1),
    (("meeting", 1.0), 0.07),
];
