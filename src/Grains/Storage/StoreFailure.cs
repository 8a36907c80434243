namespace Meridian.Grains.Storage;

/// <summary>Why a call to the region's store failed, for operators.</summary>
internal static class StoreFailure
{
    /// <param name="exception">What the call threw.</param>
    /// <param name="health">The store's.</param>
    /// <param name="patience">How long was waited.</param>
    /// <returns>Without a full stop.</returns>
    public static string Reason(Exception exception, IStoreHealth health, TimeSpan patience) => (exception switch
    {
        _ when health.Refusal is { } refusal => refusal,
        OperationCanceledException or TimeoutException => FormattableString.Invariant($"it did not answer within {patience.TotalSeconds:0.#} s"),
        _ => exception.Message,
    }).TrimEnd('.');
}
