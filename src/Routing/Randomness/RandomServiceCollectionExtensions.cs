using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Meridian.Routing.Randomness;

/// <summary>Registers the random generator of the process.</summary>
public static class RandomServiceCollectionExtensions
{
    /// <summary>
    /// Registers one <see cref="Random"/> for the whole process. Several threads share its users, and a plain <see cref="Random"/> is not thread-safe. The
    /// first registration wins, so every part that draws random numbers must register it by this method.
    /// </summary>
    public static IServiceCollection AddConcurrentRandom(this IServiceCollection services)
    {
        services.TryAddSingleton<Random>(static _ => new ConcurrentRandom(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8))));
        return services;
    }
}
