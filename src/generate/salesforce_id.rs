//! Salesforce ids: a three-letter prefix for the object, twelve base-62 digits, three letters of checksum.

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const CHECK: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

/// The objects whose ids are made, by prefix.
pub mod prefix {
    /// Account.
    pub const ACCOUNT: &str = "001";
    /// Contact.
    pub const CONTACT: &str = "003";
    /// Lead.
    pub const LEAD: &str = "00Q";
    /// Opportunity.
    pub const OPPORTUNITY: &str = "006";
    /// OpportunityHistory.
    pub const HISTORY: &str = "008";
    /// OpportunityFieldHistory.
    pub const FIELD_HISTORY: &str = "017";
    /// OpportunityContactRole.
    pub const CONTACT_ROLE: &str = "00K";
    /// OpportunityLineItem.
    pub const LINE: &str = "00k";
    /// OpportunityStage.
    pub const STAGE: &str = "01J";
    /// Campaign.
    pub const CAMPAIGN: &str = "701";
    /// CampaignMember.
    pub const MEMBER: &str = "00v";
    /// Task.
    pub const TASK: &str = "00T";
    /// Event.
    pub const EVENT: &str = "00U";
    /// User.
    pub const USER: &str = "005";
    /// UserRole.
    pub const USER_ROLE: &str = "00E";
    /// Product2.
    pub const PRODUCT: &str = "01t";
    /// Period.
    pub const PERIOD: &str = "026";
    /// ForecastingType.
    pub const FORECASTING_TYPE: &str = "0Db";
    /// ForecastingQuota.
    pub const QUOTA: &str = "0J9";
    /// ForecastingItem.
    pub const FORECASTING_ITEM: &str = "0J5";
    /// CampaignInfluenceModel.
    pub const INFLUENCE_MODEL: &str = "03V";
    /// CampaignInfluence.
    pub const INFLUENCE: &str = "0iI";
}

/// The 18-character id of the object with this prefix and number.
pub fn salesforce_id(prefix: &str, number: u64) -> String {
    let mut id = [b'0'; 18];
    id[..3].copy_from_slice(prefix.as_bytes());
    id[3..5].copy_from_slice(b"5g");
    let mut rest = number + 1;
    for place in (5..15).rev() {
        id[place] = DIGITS[usize::try_from(rest % 62).expect("a remainder of 62 fits")];
        rest /= 62;
    }
    for block in 0..3 {
        let bits = (0..5).filter(|bit| id[block * 5 + bit].is_ascii_uppercase()).fold(0, |bits, bit| bits | 1 << bit);
        id[15 + block] = CHECK[bits];
    }
    String::from_utf8(id.to_vec()).expect("every byte is a letter or a digit")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_its_prefix_eighteen_characters_and_a_checksum_of_capitals() {
        let id = salesforce_id(prefix::OPPORTUNITY, 10);
        assert_eq!(id, "0065g000000000BAAQ");
        assert_ne!(salesforce_id(prefix::LINE, 61), salesforce_id(prefix::LINE, 62));
    }
}
