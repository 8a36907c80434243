using StackExchange.Redis;

namespace Meridian.Silo.Configuration;

/// <summary>How this process connects to a Redis.</summary>
public static class RedisConnection
{
    /// <summary>Reads a connection string, and adds the settings of every connection to a Redis.</summary>
    /// <exception cref="ArgumentException">The text is no connection string.</exception>
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
}
