namespace Meridian.Grains.Storage;

/// <summary>Explains to operators why a call to the region's store failed.</summary>
internal static class StoreFailure
{
    /// <param name="exception">The exception from the call.</param>
    /// <param name="patience">The timeout of the call.</param>
    /// <returns>The reason, without a full stop.</returns>
    public static string Reason(Exception exception, IStoreHealth health, TimeSpan patience) => (exception switch
    {
        _ when health.Refusal is { } refusal => refusal,
        OperationCanceledException or TimeoutException => FormattableString.Invariant($"it did not answer within {patience.TotalSeconds:0.#} s"),
        _ => exception.Message,
    }).TrimEnd('.');
}
