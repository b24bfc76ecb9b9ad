"""How asynchronous events are tried, member by member as AWS answered."""

from __future__ import annotations

from lambda_functions import active, create, refusal
from lambda_records import Record


def test_how_events_are_tried(functions, role):
    record = Record("test_lambda_api", "TestLambdaEventInvokeConfig::test_lambda_eventinvokeconfig_lifecycle")
    create(functions, role)
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
    functions.publish_version(**function)
    record.check("get_invokeconfig_postpublish", refusal(get, **function, Qualifier="1"))
    published = put(**function, Qualifier="1", MaximumEventAgeInSeconds=120)
    record.check("put_published_invokeconfig", published)
    record.check("get_published_invokeconfig", get(**function, Qualifier="1"))
    functions.delete_function_event_invoke_config(**function)
    listed = functions.list_function_event_invoke_configs(**function)
    record.check("list_paging_nolimit_postdelete", listed)


def test_bad_settings_of_events_are_refused(functions, role):
    test = "TestLambdaEventInvokeConfig::test_lambda_eventinvokeconfig_exceptions"
    record = Record("test_lambda_api", test, {"function-name:1": "function"})
    create(functions, role)
    put = functions.put_function_event_invoke_config
    not_there = refusal(put, FunctionName="doesnotexist", MaximumRetryAttempts=1)
    record.check("put_functionname_name_notfound", not_there)
    record.check("put_functionname_nootherargs", refusal(put, FunctionName="function"))
    delete, get = functions.delete_function_event_invoke_config, functions.get_function_event_invoke_config
    record.check("delete_function_not_found", refusal(delete, FunctionName="function"))
    record.check("delete_function_doesnotexist", refusal(delete, FunctionName="doesnotexist"))
    record.check("get_function_doesnotexist", refusal(get, FunctionName="doesnotexist"))
    not_there = refusal(functions.list_function_event_invoke_configs, FunctionName="doesnotexist")
    record.check("list_function_doesnotexist", not_there)
