using Meridian.Gateway.Errors;

namespace Meridian.Gateway.OpenAi.Generation.Requests;

/// <summary>Mistakes of a request, one a field: of a repeated field the last counts, so that a later good value takes back the mistake of an earlier one.</summary>
internal struct FieldErrors
{
    private List<(string Field, ApiError Error)>? _errors;

    /// <value>The first mistake in the order of the body, or null.</value>
    public readonly ApiError? First => _errors is { Count: > 0 } errors ? errors[0].Error : null;

    /// <summary>What the field's newest value is: a mistake, or null.</summary>
    public void Set(string field, ApiError? error)
    {
        if (_errors is not null)
        {
            _errors.RemoveAll(entry => entry.Field == field);
        }

        if (error is not null)
        {
            (_errors ??= []).Add((field, error));
        }
    }
}
