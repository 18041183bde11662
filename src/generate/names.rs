//! The words the company is made of.

/// Where a region's accounts are.
pub struct RegionHabit {
    /// What it is called.
    pub name: &'static str,
    /// Share of accounts.
    pub share: f64,
    /// Countries with states that its accounts are billed in; the state may be empty.
    pub addresses: &'static [(&'static str, &'static str)],
}

/// Sales regions.
pub const REGIONS: [RegionHabit; 5] = [
    RegionHabit {
        name: "North America East",
        share: 0.28,
        addresses: &[("United States", "NY"), ("United States", "MA"), ("Canada", "ON"), ("United States", "GA")],
    },
    RegionHabit {
        name: "North America West",
        share: 0.24,
        addresses: &[("United States", "CA"), ("United States", "WA"), ("United States", "CO"), ("Canada", "BC")],
    },
    RegionHabit {
        name: "EMEA",
        share: 0.26,
        addresses: &[("United Kingdom", ""), ("Germany", ""), ("France", ""), ("Netherlands", ""), ("Spain", "")],
    },
    RegionHabit {
        name: "APAC",
        share: 0.14,
        addresses: &[("Japan", ""), ("Australia", "NSW"), ("Singapore", ""), ("India", "KA")],
    },
    RegionHabit { name: "LATAM", share: 0.08, addresses: &[("Brazil", "SP"), ("Mexico", ""), ("Chile", ""), ("Colombia", "")] },
];

/// How a segment buys.
pub struct SegmentHabit {
    /// What it is called.
    pub name: &'static str,
    /// Share of accounts.
    pub share: f64,
    /// Median ACV in whole units of the reporting currency.
    pub median_acv: f64,
    /// Standard deviation of the logarithm of ACV.
    pub sigma: f64,
    /// Median days from creation to close.
    pub cycle_days: f64,
    /// People employed, from and to.
    pub employees: (i64, i64),
}

/// The place of Enterprise in [`SEGMENTS`].
pub const ENTERPRISE: usize = 2;

/// Market segments.
pub const SEGMENTS: [SegmentHabit; 4] = [
    SegmentHabit { name: "SMB", share: 0.42, median_acv: 12_000.0, sigma: 0.70, cycle_days: 50.0, employees: (8, 199) },
    SegmentHabit {
        name: "Mid-Market",
        share: 0.30,
        median_acv: 38_000.0,
        sigma: 0.75,
        cycle_days: 85.0,
        employees: (200, 1_999),
    },
    SegmentHabit {
        name: "Enterprise",
        share: 0.20,
        median_acv: 120_000.0,
        sigma: 0.85,
        cycle_days: 145.0,
        employees: (2_000, 90_000),
    },
    SegmentHabit {
        name: "Public Sector",
        share: 0.08,
        median_acv: 80_000.0,
        sigma: 0.80,
        cycle_days: 160.0,
        employees: (150, 20_000),
    },
];

/// Products: name, code, family, share of lines.
pub const PRODUCTS: [(&str, &str, &str, f64); 8] = [
    ("Sales Hub", "SLS-100", "Applications", 0.27),
    ("Service Desk", "SRV-100", "Applications", 0.21),
    ("Marketing Studio", "MKT-100", "Applications", 0.15),
    ("Data Fabric", "DAT-200", "Platform", 0.13),
    ("Commerce Engine", "COM-100", "Applications", 0.09),
    ("Insight Analytics", "ANL-200", "Platform", 0.08),
    ("Integration Bus", "INT-200", "Platform", 0.04),
    ("Assistant", "AST-300", "Intelligence", 0.03),
];

/// The one product that cloud sales sells.
pub const CLOUD_PRODUCT: usize = 3;

/// Industries.
pub const INDUSTRIES: [&str; 14] = [
    "Technology",
    "Financial Services",
    "Healthcare",
    "Manufacturing",
    "Retail",
    "Education",
    "Energy",
    "Insurance",
    "Media",
    "Telecommunications",
    "Transportation",
    "Government",
    "Hospitality",
    "Construction",
];

/// First names.
pub const FIRST: [&str; 40] = [
    "Amara", "Noah", "Sofia", "Liam", "Mei", "Hugo", "Aisha", "Lucas", "Elena", "Kofi", "Ingrid", "Mateo", "Priya", "Jonas",
    "Chloé", "Diego", "Hana", "Oscar", "Leila", "Tomás", "Freya", "Ravi", "Nadia", "Felix", "Yuki", "Marta", "Omar", "Greta",
    "Samuel", "Zoë", "Anders", "Lucía", "Kenji", "Ruth", "Emil", "Farah", "Victor", "Ines", "Theo", "Maya",
];

/// Last names.
pub const LAST: [&str; 48] = [
    "Okafor",
    "Lindqvist",
    "Tanaka",
    "Moreau",
    "Silva",
    "Novak",
    "Haddad",
    "Fischer",
    "Rossi",
    "Kim",
    "Andersson",
    "Mensah",
    "Garcia",
    "Patel",
    "O'Brien",
    "Schneider",
    "Kowalski",
    "Sato",
    "Ferreira",
    "Dubois",
    "Nguyen",
    "Hughes",
    "Ivanov",
    "Costa",
    "Müller",
    "Ali",
    "Johansen",
    "Marin",
    "Bauer",
    "Chen",
    "Walker",
    "Rahman",
    "Jansen",
    "Romero",
    "Weber",
    "Diallo",
    "Petrov",
    "Singh",
    "Larsen",
    "Vidal",
    "Becker",
    "Murphy",
    "Ortega",
    "Wagner",
    "Castro",
    "Yamada",
    "Hoffmann",
    "Reyes",
];

/// First halves of companies' names.
pub const COMPANY_FIRST: [&str; 48] = [
    "Northwind",
    "Bluepeak",
    "Harbor",
    "Summit",
    "Cedar",
    "Orchid",
    "Granite",
    "Lumen",
    "Vector",
    "Atlas",
    "Meridian",
    "Falcon",
    "Juniper",
    "Cobalt",
    "Aurora",
    "Keystone",
    "Redwood",
    "Silverline",
    "Pioneer",
    "Beacon",
    "Tidewater",
    "Quartz",
    "Evergreen",
    "Nimbus",
    "Copper",
    "Horizon",
    "Sterling",
    "Willow",
    "Crescent",
    "Ironbridge",
    "Maple",
    "Zephyr",
    "Oakfield",
    "Polaris",
    "Riverstone",
    "Sable",
    "Anchor",
    "Birch",
    "Clearwater",
    "Delta",
    "Ember",
    "Foxglove",
    "Garnet",
    "Hawthorn",
    "Indigo",
    "Lakeshore",
    "Monarch",
    "Nova",
];

/// Second halves of companies' names.
pub const COMPANY_SECOND: [&str; 24] = [
    "Systems",
    "Logistics",
    "Foods",
    "Capital",
    "Health",
    "Energy",
    "Media",
    "Retail",
    "Partners",
    "Labs",
    "Motors",
    "Textiles",
    "Networks",
    "Insurance",
    "Pharma",
    "Robotics",
    "Airways",
    "Builders",
    "Software",
    "Hotels",
    "Mining",
    "Chemicals",
    "Studios",
    "Services",
];

/// Contacts' titles with their departments.
pub const TITLES: [(&str, &str); 12] = [
    ("Chief Information Officer", "IT"),
    ("VP Sales", "Sales"),
    ("Director of Operations", "Operations"),
    ("IT Manager", "IT"),
    ("Head of Procurement", "Procurement"),
    ("Marketing Director", "Marketing"),
    ("Chief Financial Officer", "Finance"),
    ("Sales Operations Manager", "Sales"),
    ("Customer Service Director", "Service"),
    ("Enterprise Architect", "IT"),
    ("Digital Lead", "Marketing"),
    ("Chief Executive Officer", "Executive"),
];

/// Parts that contacts have in an opportunity.
pub const CONTACT_PARTS: [&str; 5] = ["Decision Maker", "Economic Buyer", "Evaluator", "Business User", "Executive Sponsor"];

/// What happens next.
pub const NEXT_STEPS: [&str; 10] = [
    "Book a discovery call",
    "Send the security questionnaire",
    "Demonstrate to the operations team",
    "Agree on success criteria",
    "Share the business case with finance",
    "Walk through the proposal",
    "Negotiate terms with procurement",
    "Get legal redlines back",
    "Confirm the budget owner",
    "Plan the pilot",
];

/// Themes of marketing programmes.
pub const THEMES: [&str; 12] = [
    "Growth",
    "Efficiency",
    "Customer 360",
    "AI Readiness",
    "Cloud Move",
    "Service Excellence",
    "Trust",
    "Data First",
    "Retail Peak",
    "Public Services",
    "Industry Insights",
    "Partner Success",
];

/// Types of opportunity with their share.
pub const OPPORTUNITY_TYPES: [(&str, f64); 3] = [("New Business", 0.58), ("Existing Business", 0.34), ("Renewal", 0.08)];

/// The letters of a name that can stand in an address.
pub fn ascii(name: &str) -> String {
    let plain = |letter: char| match letter {
        'é' | 'ë' => 'e',
        'á' => 'a',
        'í' => 'i',
        'ü' => 'u',
        other => other,
    };
    name.chars().map(plain).filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}
