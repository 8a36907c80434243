using Meridian.Silo.Configuration;
using StackExchange.Redis;

namespace Meridian.Silo.Store;

/// <summary>
/// This process's connection to its region's store, shared by all that uses it. Waits for a store that is not there yet: silos and stores of a region start in any order.
/// </summary>
internal sealed partial class RegionStore(RegionPlan region, TimeProvider time, ILogger<RegionStore> logger) : IAsyncDisposable
{
    private static readonly TimeSpan RetryEvery = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _gate = new(1, 1);
    private ConnectionMultiplexer? _connection;

    /// <summary>Connects, however long it takes; the same connection for every caller.</summary>
    public async Task<IConnectionMultiplexer> ConnectAsync()
    {
        await _gate.WaitAsync();
        try
        {
            var waited = false;
            while (_connection is null)
            {
                try
                {
                    _connection = await ConnectionMultiplexer.ConnectAsync(Options(region.StoreConnection));
                }
                catch (RedisConnectionException e)
                {
                    if (!waited)
                    {
                        LogWaiting(Address(region.StoreConnection), e.FailureType);
                        waited = true;
                    }

                    await Task.Delay(RetryEvery, time);
                }
            }

            if (waited)
            {
                LogFound(Address(region.StoreConnection));
            }

            return _connection;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>How every connection to a region's store is made.</summary>
    public static ConfigurationOptions Options(string connection)
    {
        var options = ConfigurationOptions.Parse(connection);
        options.ClientName ??= "meridian";
        options.AbortOnConnectFail = true;
        options.ConnectRetry = 1;
        options.ConnectTimeout = 2000;

        // A store that restarts is back within seconds: look often, so that grains notice soon.
        options.ReconnectRetryPolicy = new ExponentialRetry(100, 2000);
        return options;
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is { } connection)
        {
            await connection.DisposeAsync();
        }

        _gate.Dispose();
    }

    // Without the password.
    private static string Address(string connection) => ConfigurationOptions.Parse(connection).ToString(includePassword: false);
}
