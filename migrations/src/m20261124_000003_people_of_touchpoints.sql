CREATE INDEX touchpoint_by_lead_id_without_contact ON touchpoint (lead_id)
    WHERE contact_id IS NULL AND lead_id IS NOT NULL;
CREATE INDEX touchpoint_by_contact_id_without_account ON touchpoint (contact_id)
    WHERE account_id IS NULL AND contact_id IS NOT NULL;
