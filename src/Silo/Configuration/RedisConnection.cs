using StackExchange.Redis;

namespace Meridian.Silo.Configuration;

/// <summary>Options for a connection to a Redis.</summary>
public static class RedisConnection
{
    /// <summary>Parses a connection string and adds the options that every connection to a Redis has.</summary>
    /// <exception cref="ArgumentException">The text is no connection string.</exception>
    public static ConfigurationOptions Options(string connection)
    {
        var options = ConfigurationOptions.Parse(connection);
        options.ClientName ??= "meridian";
        options.AbortOnConnectFail = true;
        options.ConnectRetry = 1;
        options.ConnectTimeout = 2000;

        // A restarting store is back within seconds. With frequent retries, the grains notice it soon.
        options.ReconnectRetryPolicy = new ExponentialRetry(100, 2000);
        return options;
    }
}
