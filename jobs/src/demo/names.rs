//! The words that company names are made of.

/// First characters of a company's own name.
pub(super) const FIRST: [&str; 40] = [
    "华", "恒", "瑞", "中", "金", "天", "东", "博", "宏", "盛", "新", "远", "嘉", "泰", "永", "安",
    "凯", "科", "德", "联", "海", "龙", "信", "兴", "康", "力", "明", "正", "江", "云", "北", "南",
    "汇", "达", "诚", "鼎", "锦", "润", "凌", "宇",
];

/// Second characters of a company's own name.
pub(super) const SECOND: [&str; 40] = [
    "源", "泰", "丰", "达", "晟", "辰", "洋", "诚", "业", "和", "通", "润", "鑫", "腾", "邦", "利",
    "阳", "创", "成", "越", "川", "峰", "航", "隆", "昌", "裕", "威", "森", "捷", "朗", "奥", "升",
    "益", "强", "宁", "卓", "景", "顺", "吉", "凡",
];

/// How company names end, the common ones more often.
pub(super) const ENDINGS: [(&str, f64); 4] = [
    ("有限公司", 0.72),
    ("股份有限公司", 0.14),
    ("集团有限公司", 0.06),
    ("有限责任公司", 0.08),
];

/// Sizes with their shares and what they mean for the amount of a deal.
pub(super) const SIZES: [((&str, f64), f64); 4] = [
    (("50人以下", 0.7), 0.3),
    (("50-200人", 0.9), 0.36),
    (("200-1000人", 1.15), 0.24),
    (("1000人以上", 1.5), 0.1),
];

/// Family names of the people at customers.
pub(super) const FAMILY: [&str; 24] = [
    "王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐", "孙", "马", "朱", "胡", "郭",
    "何", "高", "林", "罗", "郑", "梁", "谢", "宋",
];

/// Given names.
pub(super) const GIVEN: [&str; 24] = [
    "建国", "志强", "伟", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "娟", "涛",
    "明", "超", "秀英", "霞", "平", "刚", "桂英", "海燕", "文博",
];

/// What they do: title, department, part in decisions.
pub(super) const TITLES: [(&str, &str, &str); 6] = [
    ("采购经理", "采购部", "buyer"),
    ("采购工程师", "采购部", "buyer"),
    ("设备主管", "设备部", "user"),
    ("工艺工程师", "工艺部", "influencer"),
    ("总工程师", "技术部", "decider"),
    ("副总经理", "总经办", "decider"),
];
