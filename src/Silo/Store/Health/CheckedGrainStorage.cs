using Meridian.Grains.Storage;
using Orleans.Storage;
using StackExchange.Redis;

namespace Meridian.Silo.Store.Health;

/// <summary>
/// The grain storage of the region, with readable errors. A damaged record is set aside (<see cref="StoreLosses"/>) and counts as missing afterwards: its grain
/// starts with new state, and the grain's <c>problem</c> says so. While the store takes no changes, writes fail here and are not sent to the store, so no call
/// waits behind them.
/// </summary>
internal sealed partial class CheckedGrainStorage(
    IGrainStorage records,
    IGrainStorageSerializer serializer,
    Func<Task<IDatabase>> database,
    Func<string, GrainId, RedisKey> keyOf,
    IStoreHealth health,
    StoreLosses losses,
    ILogger<CheckedGrainStorage> logger) : IGrainStorage, ILifecycleParticipant<ISiloLifecycle>
{
    // The hash field in which Orleans keeps a grain's record.
    private const string Field = "data";

    public void Participate(ISiloLifecycle lifecycle) => (records as ILifecycleParticipant<ISiloLifecycle>)?.Participate(lifecycle);

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => ReadStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        try
        {
            await records.ReadStateAsync(stateName, grainId, grainState, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // The storage's exception does not tell whether the record or the store is at fault.
            if (!await SetAsideAsync<T>(stateName, grainId, e))
            {
                throw Failure(e);
            }

            await records.ReadStateAsync(stateName, grainId, grainState, cancellationToken);
        }
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => WriteStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken) =>
        ChangeAsync(() => records.WriteStateAsync(stateName, grainId, grainState, cancellationToken));

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => ClearStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken) =>
        ChangeAsync(() => records.ClearStateAsync(stateName, grainId, grainState, cancellationToken));

    private async Task ChangeAsync(Func<Task> change)
    {
        if (health.Refusal is { } refusal)
        {
            throw new StoreUnavailableException(refusal);
        }

        try
        {
            await change();
        }
        catch (Exception e) when (e is not OperationCanceledException and not InconsistentStateException)
        {
            throw Failure(e);
        }
    }

    private async Task<bool> SetAsideAsync<T>(string stateName, GrainId grainId, Exception failure)
    {
        try
        {
            var key = keyOf(stateName, grainId);
            var redis = await database();
            byte[]? record = await redis.HashGetAsync(key, Field);
            if (record is null)
            {
                return false;
            }

            try
            {
                _ = serializer.Deserialize<T>(new BinaryData(record));
                return false;
            }
            catch (DamagedRecordException)
            {
            }
            catch (InvalidDataException)
            {
                // A newer release wrote the record: it is sound.
                return false;
            }

            if (health.Refusal is not null)
            {
                return false;
            }

            losses.Add($"The record '{key}' is damaged and was set aside; what it held is as if it had never been ordered.", record);
            LogDamaged(key.ToString(), losses.Directory);

            // Another silo may have set the record aside in the meantime, and its grain may have written a new one. So delete only the damaged bytes.
            var transaction = redis.CreateTransaction();
            transaction.AddCondition(Condition.HashEqual(key, Field, record));
            _ = transaction.KeyDeleteAsync(key);
            await transaction.ExecuteAsync();
            return true;
        }
        catch (RedisException e)
        {
            LogNotSetAside(e, failure.Message);
            return false;
        }
    }

    private StoreUnavailableException Failure(Exception e) => new(
        health.Refusal ?? e switch
        {
            RedisTimeoutException or TimeoutException => "it does not answer",
            RedisConnectionException { FailureType: ConnectionFailureType.AuthenticationFailure } => "it refuses this process's password",
            RedisConnectionException => "it cannot be reached",
            _ => e.Message,
        },
        e);
}
