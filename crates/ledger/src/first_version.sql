-- What a store of the first version held: one order paid, one cancelled and then paid late.
INSERT INTO merchants VALUES (CAST('merchant........' AS BLOB), 'm@example.com', 'x', 0);
INSERT INTO items VALUES (CAST('item............' AS BLOB), CAST('merchant........' AS BLOB), 'lantern', 'Lantern', '', '/images/lantern.svg', 900, 'CNY', 0);
INSERT INTO sales VALUES (CAST('sale............' AS BLOB), CAST('item............' AS BLOB), CAST('merchant........' AS BLOB), 500, 'CNY', 0, 100000, NULL, 2, 1, 'hold', 10, 'arithmetic', '[]', 0, 1, 1, 0, 1, 0);
INSERT INTO stock VALUES (CAST('sale............' AS BLOB), 2, 1, 0, 1);
INSERT INTO orders VALUES (1, CAST('order 1.........' AS BLOB), CAST('sale............' AS BLOB), CAST('shopper 1.......' AS BLOB), CAST('pass 1..........' AS BLOB), 'k', -1, 1, 500, 'CNY', 'paid', NULL, 0, 10001, 7, 1, 1, 5);
INSERT INTO payments VALUES (CAST('payment 1.......' AS BLOB), CAST('order 1.........' AS BLOB), CAST('sale............' AS BLOB), 'paid', 'e1', 2, 5);
INSERT INTO orders VALUES (2, CAST('order 2.........' AS BLOB), CAST('sale............' AS BLOB), CAST('shopper 2.......' AS BLOB), CAST('pass 2..........' AS BLOB), 'k', -1, 1, 500, 'CNY', 'refunded', NULL, 1, 10001, 7, 2, 1, 5);
INSERT INTO payments VALUES (CAST('payment 2.......' AS BLOB), CAST('order 2.........' AS BLOB), CAST('sale............' AS BLOB), 'refunded', 'e2', 2, 5);
INSERT INTO events (sale_id, at_ms, name, change) VALUES (CAST('sale............' AS BLOB), 1, 'order_held',
    '{"type":"order_held","order_id":"6f726465-7220-312e-2e2e-2e2e2e2e2e2e","shopper_id":"73686f70-7065-7220-312e-2e2e2e2e2e2e","pass_id":"70617373-2031-2e2e-2e2e-2e2e2e2e2e2e","idempotency_key":"k","body_hash":18446744073709551615,"quantity":1,"amount_minor":500,"currency":"CNY","hold_expires_at_ms":10001,"queue_life":7,"queue_seq":1}');
INSERT INTO events (sale_id, at_ms, name, change) VALUES (CAST('sale............' AS BLOB), 2, 'payment_opened',
    '{"type":"payment_opened","order_id":"6f726465-7220-312e-2e2e-2e2e2e2e2e2e","payment_id":"7061796d-656e-7420-312e-2e2e2e2e2e2e"}');
INSERT INTO events (sale_id, at_ms, name, change) VALUES (CAST('sale............' AS BLOB), 1, 'order_held',
    '{"type":"order_held","order_id":"6f726465-7220-322e-2e2e-2e2e2e2e2e2e","shopper_id":"73686f70-7065-7220-322e-2e2e2e2e2e2e","pass_id":"70617373-2032-2e2e-2e2e-2e2e2e2e2e2e","idempotency_key":"k","body_hash":18446744073709551615,"quantity":1,"amount_minor":500,"currency":"CNY","hold_expires_at_ms":10001,"queue_life":7,"queue_seq":2}');
INSERT INTO events (sale_id, at_ms, name, change) VALUES (CAST('sale............' AS BLOB), 2, 'payment_opened',
    '{"type":"payment_opened","order_id":"6f726465-7220-322e-2e2e-2e2e2e2e2e2e","payment_id":"7061796d-656e-7420-322e-2e2e2e2e2e2e"}');
INSERT INTO events (sale_id, at_ms, name, change) VALUES (CAST('sale............' AS BLOB), 3, 'order_paid',
    '{"type":"order_paid","order_id":"6f726465-7220-312e-2e2e-2e2e2e2e2e2e","payment_id":"7061796d-656e-7420-312e-2e2e2e2e2e2e","provider_event_id":"e1","reseated":false}');
INSERT INTO events (sale_id, at_ms, name, change) VALUES (CAST('sale............' AS BLOB), 4, 'order_released',
    '{"type":"order_released","order_id":"6f726465-7220-322e-2e2e-2e2e2e2e2e2e","cause":"cancelled"}');
INSERT INTO events (sale_id, at_ms, name, change) VALUES (CAST('sale............' AS BLOB), 5, 'payment_refunded',
    '{"type":"payment_refunded","order_id":"6f726465-7220-322e-2e2e-2e2e2e2e2e2e","payment_id":"7061796d-656e-7420-322e-2e2e2e2e2e2e","provider_event_id":"e2","cause":"cancelled","order_state":"refunded"}');
