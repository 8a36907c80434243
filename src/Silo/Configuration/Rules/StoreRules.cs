using Meridian.Silo.Processes;

namespace Meridian.Silo.Configuration.Rules;

/// <summary>The rules of <c>Store</c> and <c>Clustering</c>.</summary>
internal static class StoreRules
{
    internal static void CheckStore(StoreOptions store, string path, ICollection<string> mistakes)
    {
        if (store.Kind == StoreKind.Redis && string.IsNullOrWhiteSpace(store.ConnectionString))
        {
            mistakes.Add($"{MeridianOptions.Section}:{path}:ConnectionString = '': {path}:Kind is Redis, which needs one, for example 'localhost:6379'.");
        }

        CheckConnection(store.ConnectionString, $"{path}:ConnectionString", static text => RedisConnection.Options(text), mistakes);
        SettingRules.Range(mistakes, $"{path}:MemoryMiB", store.MemoryMiB, 16, 1 << 20);
        SettingRules.Range(mistakes, $"{path}:LogLimitMiB", store.LogLimitMiB, 16, 1 << 16);
    }

    internal static void CheckClustering(ClusteringOptions clustering, string path, ICollection<string> mistakes)
    {
        if (clustering.Kind == ClusteringKind.AzureStorage && string.IsNullOrWhiteSpace(clustering.ConnectionString))
        {
            mistakes.Add($"{MeridianOptions.Section}:{path}:ConnectionString = '': {path}:Kind is AzureStorage, which needs one.");
        }

        CheckConnection(
            clustering.ConnectionString,
            $"{path}:ConnectionString",
            text => _ = clustering.Kind == ClusteringKind.Redis ? RedisConnection.Options(text) : (object)new Azure.Data.Tables.TableServiceClient(text),
            mistakes);
    }

    internal static void CheckConnection(string? connection, string path, Action<string> parse, ICollection<string> mistakes)
    {
        if (string.IsNullOrWhiteSpace(connection))
        {
            return;
        }

        Secrets.Remember(connection);
        try
        {
            parse(connection);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or InvalidOperationException)
        {
            // The value may hold a password, and the library's message may repeat a part of the value.
            mistakes.Add($"{MeridianOptions.Section}:{path}: not understood: {Secrets.Redact(e.Message, connection).ReplaceLineEndings(" ")}");
        }
    }
}
