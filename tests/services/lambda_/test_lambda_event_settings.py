"""How asynchronous events are tried, member by member as AWS answered."""

from __future__ import annotations

from lambda_functions import active, create, refusal
from lambda_records import Record


def test_how_events_are_tried(functions, role):
    record = Record("test_lambda_api", "TestLambdaEventInvokeConfig::test_lambda_eventinvokeconfig_lifecycle")
    create(functions, role, Environment={"Variables": {}}, Timeout=30)
    active(functions)
    function = {"FunctionName": "function"}
    put = functions.put_function_event_invoke_config
    update, get = functions.update_function_event_invoke_config, functions.get_function_event_invoke_config
    record.check("put_invokeconfig_retries_0", put(**function, MaximumRetryAttempts=0))
    record.check("put_invokeconfig_eventage_60", put(**function, MaximumEventAgeInSeconds=60))
    record.check("update_invokeconfig_eventage_nochange", update(**function, MaximumEventAgeInSeconds=60))
    record.check("update_invokeconfig_retries", update(**function, MaximumRetryAttempts=1))
    record.check("get_invokeconfig", get(**function))
    record.check("get_invokeconfig_latest", get(**function, Qualifier="$LATEST"))
    listed = functions.list_function_event_invoke_configs(**function)
    record.check("list_single_invokeconfig", listed)
    record.replay("publish_version_result", functions.publish_version, **function)
    record.check("get_invokeconfig_postpublish", refusal(get, **function, Qualifier="1"))
    published = put(**function, Qualifier="1", MaximumEventAgeInSeconds=120)
    record.check("put_published_invokeconfig", published)
    record.check("get_published_invokeconfig", get(**function, Qualifier="1"))
    functions.delete_function_event_invoke_config(**function)
    listed = functions.list_function_event_invoke_configs(**function)
    record.check("list_paging_nolimit_postdelete", listed)
