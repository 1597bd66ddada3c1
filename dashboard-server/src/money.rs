//! Payment requests, invoices and money received.

pub(crate) mod allocate;
pub(crate) mod apply_for_invoice;
pub(crate) mod body;
pub(crate) mod cancel_request;
pub(crate) mod issue_invoice;
pub(crate) mod receive;
pub(crate) mod reject_invoice;
pub(crate) mod remove_receipt;
pub(crate) mod request_payment;
pub(crate) mod send_request;
pub(crate) mod take_back;
pub(crate) mod void_invoice;
pub(crate) mod write_off;
