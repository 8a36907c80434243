using Meridian.Gateway.Errors;

namespace Meridian.Gateway.OpenAi.Generation.Requests;

/// <summary>
/// The errors of a request, at most one for each field. If a field is repeated, its last value counts, so a later good value removes the error of an earlier
/// one.
/// </summary>
internal struct FieldErrors
{
    private List<(string Field, ApiError Error)>? _errors;

    /// <value>The first error in the order of the body, or null.</value>
    public readonly ApiError? First => _errors is { Count: > 0 } errors ? errors[0].Error : null;

    /// <summary>Records the result for the newest value of a field: an error, or null if it is good.</summary>
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
