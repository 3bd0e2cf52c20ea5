"""What every merchant's ledger proves of itself: balances, rewards, purchases and coupons that add up."""

from __future__ import annotations

from saas.db.checks import Proof

LEDGER = (
    Proof(
        """
        SELECT b.id, b.balance, COALESCE(SUM(e.units), 0)
        FROM enrolment b LEFT JOIN entry e ON e.enrolment_id = b.id
        GROUP BY b.id, b.balance HAVING b.balance <> COALESCE(SUM(e.units), 0)
        """,
        "enrolment {0}: balance {1}, but its entries sum to {2}",
    ),
    Proof(
        """
        SELECT r.id, r.status FROM reward r
        WHERE r.status IN ('issued', 'fulfilled') AND NOT EXISTS (
            SELECT FROM entry e
            WHERE e.reward_id = r.id AND e.kind = 'redeem' AND e.units < 0 AND e.enrolment_id = r.enrolment_id
        )
        """,
        "reward {0}: {1}, but no entry paid for it",
    ),
    Proof(
        """
        SELECT r.id, COUNT(*) FROM reward r JOIN entry e ON e.reward_id = r.id AND e.kind = 'redeem'
        GROUP BY r.id HAVING COUNT(*) > 1
        """,
        "reward {0}: paid for {1} times",
    ),
    Proof(
        """
        SELECT r.id, r.status FROM reward r JOIN entry e ON e.reward_id = r.id AND e.kind = 'redeem'
        JOIN entry v ON v.reverses_id = e.id WHERE r.status IN ('issued', 'fulfilled')
        """,
        "reward {0}: {1}, but what it cost was given back",
    ),
    Proof(
        """
        SELECT reverses_id, COUNT(*) FROM entry WHERE reverses_id IS NOT NULL
        GROUP BY 1 HAVING COUNT(*) > 1
        """,
        "entry {0}: reversed {1} times",
    ),
    Proof(
        """
        SELECT v.id, e.id FROM entry v JOIN entry e ON e.id = v.reverses_id
        WHERE v.units <> -e.units OR v.enrolment_id <> e.enrolment_id OR v.kind <> 'reverse'
        """,
        "entry {0}: is no exact reversal of {1}",
    ),
    Proof(
        """
        SELECT v.id FROM entry v
        WHERE v.reverses_id IS NOT NULL AND NOT EXISTS (SELECT FROM entry e WHERE e.id = v.reverses_id)
        """,
        "entry {0}: reverses an entry that is not there",
    ),
    Proof(
        """
        SELECT e.id, e.cause_id FROM entry e
        WHERE e.cause = 'purchase' AND NOT EXISTS (SELECT FROM purchase p WHERE p.id = e.cause_id)
        """,
        "entry {0}: caused by the purchase {1}, which is not there",
    ),
    Proof(
        """
        SELECT b.id, b.balance, SUM(l.units_left)
        FROM enrolment b JOIN program p ON p.id = b.program_id JOIN lot l ON l.enrolment_id = b.id
        WHERE p.kind <> 'stamp_card'
        GROUP BY b.id, b.balance HAVING SUM(l.units_left) > GREATEST(b.balance, 0)
        """,
        "enrolment {0}: balance {1}, but its lots hold {2}",
    ),
    Proof(
        """
        SELECT r.id, -SUM(e.units), c.units
        FROM reward r
        JOIN entry e ON e.enrolment_id = r.enrolment_id AND e.reward_id = r.id AND e.kind = 'redeem'
        CROSS JOIN LATERAL (
            SELECT COALESCE(SUM((piece ->> 'units')::bigint), 0) AS units FROM jsonb_array_elements(r.cost_pieces) piece
        ) c
        WHERE r.cost_pieces IS NOT NULL
        GROUP BY r.id, c.units HAVING -SUM(e.units) <> c.units
        """,
        "reward {0}: cost {1}, but its pieces hold {2}",
    ),
    Proof(
        """
        SELECT p.id, p.amount_minor, SUM(l.net_minor)
        FROM purchase p JOIN purchase_line l ON l.purchase_id = p.id
        GROUP BY p.id, p.amount_minor HAVING p.amount_minor <> SUM(l.net_minor)
        """,
        "purchase {0}: total {1}, but its lines come to {2}",
    ),
    Proof(
        """
        SELECT p.id, p.amount_minor, SUM(r.amount_minor)
        FROM purchase p JOIN refund r ON r.purchase_id = p.id
        GROUP BY p.id, p.amount_minor HAVING p.amount_minor < SUM(r.amount_minor)
        """,
        "purchase {0}: {1} were charged, but {2} refunded",
    ),
    Proof(
        """
        SELECT l.purchase_id, l.key, l.quantity, SUM(b.quantity)
        FROM purchase_line l JOIN refund r ON r.purchase_id = l.purchase_id
        JOIN refund_line b ON b.refund_id = r.id AND b.key = l.key
        GROUP BY l.purchase_id, l.key, l.quantity HAVING l.quantity < SUM(b.quantity)
        """,
        "purchase {0}: of line {1} {2} were bought, but {3} returned",
    ),
    Proof(
        """
        SELECT r.id, r.amount_minor, SUM(b.amount_minor)
        FROM refund r JOIN refund_line b ON b.refund_id = r.id
        GROUP BY r.id, r.amount_minor HAVING r.amount_minor <> SUM(b.amount_minor)
        """,
        "refund {0}: {1}, but its lines come to {2}",
    ),
    Proof(
        """
        SELECT e.id, e.cause_id FROM entry e
        WHERE e.cause = 'refund' AND NOT EXISTS (SELECT FROM refund r WHERE r.id = e.cause_id)
        """,
        "entry {0}: caused by the refund {1}, which is not there",
    ),
    Proof(
        """
        SELECT enrolment_id, SUM(units) FROM qualification GROUP BY 1 HAVING SUM(units) < 0
        """,
        "enrolment {0}: {1} qualifying units are fewer than none",
    ),
    Proof(
        """
        WITH standing AS (
            SELECT u.coupon_id, u.member_id, c.period || ' ' || to_char(
                date_trunc(c.period, u.used_at AT TIME ZONE c.time_zone), 'YYYY-MM-DD'
            ) AS period
            FROM coupon_use u JOIN coupon c ON c.id = u.coupon_id WHERE u.given_back_at IS NULL
        ), counted AS (
            SELECT coupon_id, 'all' AS key, COUNT(*) AS uses FROM standing GROUP BY 1
            UNION ALL SELECT coupon_id, period, COUNT(*) FROM standing GROUP BY 1, 2
            UNION ALL SELECT coupon_id, 'member ' || member_id, COUNT(*) FROM standing
            WHERE member_id IS NOT NULL GROUP BY 1, 2
            UNION ALL SELECT coupon_id, period || ' ' || member_id, COUNT(*) FROM standing
            WHERE member_id IS NOT NULL GROUP BY 1, 2
        )
        SELECT k.coupon_id, k.key, k.used, COALESCE(n.uses, 0)
        FROM coupon_counter k LEFT JOIN counted n ON n.coupon_id = k.coupon_id AND n.key = k.key
        WHERE k.used <> COALESCE(n.uses, 0)
        """,
        "coupon {0}: counts {2} uses under {1}, but {3} stand",
    ),
    Proof(
        """
        SELECT c.id, c.state, COUNT(u.id)
        FROM coupon_code c LEFT JOIN coupon_use u ON u.code_id = c.id AND u.given_back_at IS NULL
        GROUP BY c.id, c.state HAVING COUNT(u.id) <> CASE c.state WHEN 'used' THEN 1 ELSE 0 END
        """,
        "coupon code {0}: {1}, but {2} uses of it stand",
    ),
)
