using Meridian.Grains.Storage;
using Meridian.Silo.Store.Health;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Storage;
using StackExchange.Redis;

namespace Meridian.Silo.Tests.Store;

/// <summary>The files of a store as a process that is killed now would leave them, and its records as grains see them.</summary>
internal static class StoreFiles
{
    public static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith("store.lock", StringComparison.Ordinal)).ToArray())
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            using var source = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var copy = File.Create(target);
            source.CopyTo(copy);
        }
    }

    public static CheckedGrainStorage Records(RunningStore store)
    {
        var serializer = new MessagePackGrainStorageSerializer();
        return new CheckedGrainStorage(
            new PlainRecords(store.Database, serializer), serializer, () => Task.FromResult(store.Database), (type, id) => Key(type, id), store.Health, store.Health.Losses,
            NullLogger<CheckedGrainStorage>.Instance);
    }

    public static string Key(string type, GrainId id) => $"{id}/{type}";

    /// <summary>As Orleans' storage keeps records, without its etags.</summary>
    private sealed class PlainRecords(IDatabase redis, IGrainStorageSerializer serializer) : IGrainStorage
    {
        public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
        {
            byte[]? record = await redis.HashGetAsync(Key(stateName, grainId), "data");
            grainState.RecordExists = record is not null;
            grainState.State = record is null ? default! : serializer.Deserialize<T>(new BinaryData(record))!;
        }

        public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
            redis.HashSetAsync(Key(stateName, grainId), "data", serializer.Serialize(grainState.State).ToArray());

        public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => redis.KeyDeleteAsync(Key(stateName, grainId));
    }
}
