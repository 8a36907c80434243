using Meridian.Silo.Configuration;
using Meridian.Silo.Processes;
using StackExchange.Redis;

namespace Meridian.Silo.Store;

/// <summary>
/// This process's connection to its region's store. All services of the process share it. It waits for a store that is not up yet, because the silos and stores
/// of a region start in any order.
/// </summary>
internal sealed partial class RegionStore(RegionPlan region, TimeProvider time, ILogger<RegionStore> logger) : IAsyncDisposable
{
    private static readonly TimeSpan RetryEvery = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _gate = new(1, 1);
    private ConnectionMultiplexer? _connection;

    /// <summary>Connects, and waits as long as that takes. Every caller gets the same connection.</summary>
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
                    _connection = await ConnectionMultiplexer.ConnectAsync(Options(region));
                }
                catch (RedisConnectionException e)
                {
                    if (!waited)
                    {
                        Tell(e.FailureType);
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

    /// <summary>
    /// The options for every connection to a region's own store. The password of an embedded store is read from its file; the first process of the region
    /// creates the file.
    /// </summary>
    /// <exception cref="StartRefusedException">The password cannot be read.</exception>
    public static ConfigurationOptions Options(RegionPlan region)
    {
        var options = RedisConnection.Options(region.StoreConnection);
        if (region.StorePasswordFile is { } file && string.IsNullOrEmpty(options.Password))
        {
            options.Password = StorePassword.ReadOrCreate(file);
            Secrets.Remember($"password={options.Password}");
        }

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

    private void Tell(ConnectionFailureType failure)
    {
        if (failure == ConnectionFailureType.AuthenticationFailure && region.StorePasswordFile is { } file)
        {
            LogPassword(Address(region.StoreConnection), file);
        }
        else
        {
            LogWaiting(Address(region.StoreConnection), failure);
        }
    }

    private static string Address(string connection) => Secrets.Redact(connection);
}
