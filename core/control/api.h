/* api.h - the handlers of the table in routes.c, by topic; see api.md */
#ifndef HD_CONTROL_API_H
#define HD_CONTROL_API_H

struct hd_call;

/* api_status.c */
void hd_api_status(struct hd_call *call);
void hd_api_constants(struct hd_call *call);

/* api_alerts.c */
void hd_api_list(struct hd_call *call);
void hd_api_export(struct hd_call *call);
void hd_api_show(struct hd_call *call);
void hd_api_explain(struct hd_call *call);

/* api_actions.c */
void hd_api_actions(struct hd_call *call);
void hd_api_settle(struct hd_call *call);
void hd_api_retry(struct hd_call *call);
void hd_api_drop(struct hd_call *call);

/* api_undo.c */
void hd_api_undo(struct hd_call *call);

/* api_eval.c */
void hd_api_eval(struct hd_call *call);

/* api_plugins.c */
void hd_api_plugins(struct hd_call *call);
void hd_api_plugin(struct hd_call *call);

/* api_connector.c */
void hd_api_connector_secret(struct hd_call *call);
void hd_api_connector_address(struct hd_call *call);

/* api_run.c */
void hd_api_reload(struct hd_call *call);
void hd_api_halt(struct hd_call *call);
void hd_api_unhalt(struct hd_call *call);
void hd_api_connector_stop(struct hd_call *call);
void hd_api_connector_start(struct hd_call *call);
void hd_api_connector_test(struct hd_call *call);

/* api_submit.c */
void hd_api_submit(struct hd_call *call);

/* tail.c */
void hd_api_tail(struct hd_call *call);

#endif
