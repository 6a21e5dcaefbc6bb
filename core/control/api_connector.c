/* What a person needs to know of a connector to give it a secret, or to decide
 * whom it is to believe. */
#include "core/control/api.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <herald/plugin.h>

#include "core/base/alloc.h"
#include "core/conf/complaint.h"
#include "core/conf/load.h"
#include "core/conf/node.h"
#include "core/conf/secret_ref.h"
#include "core/conf/source.h"
#include "core/control/control_impl.h"
#include "core/control/rows_json.h"
#include "core/pipeline/engine.h"
#include "core/pipeline/program.h"
#include "core/plugin/instance.h"
#include "core/plugin/module.h"

static const struct hd_conf *conf_of(const struct hd_call *call)
{
	return hd_engine_program(call->control->env.engine)->conf;
}

static const struct hd_module *module_of(struct hd_call *call)
{
	struct hd_instance *instance = hd_control_connector(call->control,
							    call->arg);

	if (instance)
		return hd_instance_module(instance);
	hd_call_refuse(call, 404, "heraldctl status",
		       "no connector is named '%.80s'", call->arg);
	return NULL;
}

/* ---- the secret ---- */

static bool is_secret(const herald_option *option)
{
	return (option->flags & HERALD_SECRET) != 0;
}

/* Has the plugin this secret?  False: the call has ended. */
static bool check_option(struct hd_call *call, const struct hd_module *module,
			 const char *name)
{
	const herald_option *option;
	char *all = hd_strdup("");

	for (uint32_t i = 0; (option = hd_module_option(module, i)); i++) {
		char *more;

		if (!is_secret(option))
			continue;
		if (strcmp(option->name, name) == 0) {
			free(all);
			return true;
		}
		more = hd_strf("%s%s%s", all, all[0] ? ", " : "", option->name);
		free(all);
		all = more;
	}
	hd_call_refuse(call, 409, "heraldctl secret set NAME --option OPTION",
		       "connector %s has no secret '%.80s'; its secrets: %s",
		       call->arg, name, all[0] ? all : "none");
	free(all);
	return false;
}

static void answer_secret(struct hd_call *call, const char *option,
			  const struct hd_secret_ref *ref)
{
	static const char *const words[] = {
		[HD_SECRET_NONE] = "nothing",
		[HD_SECRET_CREDENTIAL] = "credential",
		[HD_SECRET_FILE] = "file",
		[HD_SECRET_ENV] = "env",
		[HD_SECRET_INLINE] = "configuration",
	};
	json_t *o = json_object();

	hd_set_text(o, "name", call->arg);
	hd_set_text(o, "option", option);
	hd_set_text(o, "from", words[ref->from]);
	if (ref->from != HD_SECRET_INLINE) /* it would be the secret */
		hd_set_text(o, "where", ref->text);
	json_object_set_new(o, "uid", json_integer(geteuid()));
	json_object_set_new(o, "gid", json_integer(getegid()));
	hd_call_answer(call, o);
}

void hd_api_connector_secret(struct hd_call *call)
{
	const char *option = hd_call_text(call, "option");
	const struct hd_module *module = module_of(call);
	struct hd_secret_ref ref = { 0 };
	const struct hd_node *node;
	struct hd_check check = { 0 };
	int rc = -1;

	option = option ? option : "secret";
	if (!module || !check_option(call, module, option))
		return;
	node = hd_node_get(hd_conf_find(conf_of(call), HD_CONF_CONNECTORS,
					call->arg),
			   option);
	check.complaints = hd_complaints_new();
	check.inline_secrets = true;
	if (node)
		rc = hd_secret_ref_read(node, &check, &ref);
	hd_complaints_free(check.complaints);
	if (rc == 0)
		answer_secret(call, option, &ref);
	else
		hd_call_refuse(
			call, 409, "heraldctl plugin NAME",
			"connector %s: the configuration gives no single "
			"%s",
			call->arg, option);
}

/* ---- whom to believe ---- */

static json_t *urls_of(struct hd_call *call, const struct hd_module *module)
{
	struct hd_instance *instance = hd_control_connector(call->control,
							    call->arg);
	json_t *urls = json_array();
	const herald_option *option;
	const char *text;

	for (uint32_t i = 0; (option = hd_module_option(module, i)); i++) {
		if (option->type != HERALD_URL)
			continue;
		text = hd_instance_option(instance, option->name);
		if (text && text[0])
			json_array_append_new(urls, json_string_nocheck(text));
	}
	return urls;
}

void hd_api_connector_address(struct hd_call *call)
{
	const struct hd_module *module = module_of(call);
	const struct hd_node *node;
	json_t *o;

	if (!module)
		return;
	node = hd_conf_find(conf_of(call), HD_CONF_CONNECTORS, call->arg);
	o = json_object();
	hd_set_text(o, "name", call->arg);
	json_object_set_new(o, "urls", urls_of(call, module));
	if (hd_node_get(node, "tls"))
		json_object_set_new(o, "tls",
				    hd_node_json(hd_node_get(node, "tls")));
	hd_set_text(o, "configuration",
		    hd_source_name(hd_conf_file(conf_of(call), 0)));
	hd_call_answer(call, o);
}
