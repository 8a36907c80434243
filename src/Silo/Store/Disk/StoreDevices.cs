using Meridian.Silo.Store.Ledger;
using Tsavorite.core;

namespace Meridian.Silo.Store.Disk;

/// <summary>Creates Garnet's files. Each one goes through a <see cref="StoreDevice"/>; the append-only file also has the ledger.</summary>
internal sealed class StoreDevices(StoreDisk disk, StoreLedger ledger) : INamedDeviceFactoryCreator
{
    public const string LogName = "aof.log";

    public INamedDeviceFactory Create(string baseName) => new Factory(baseName, disk, ledger);

    private sealed class Factory(string baseName, StoreDisk disk, StoreLedger ledger) : INamedDeviceFactory
    {
        private readonly LocalStorageNamedDeviceFactory _files = new(deviceType: DeviceType.RandomAccess, baseName: baseName);

        public IDevice Get(FileDescriptor fileInfo)
        {
            var isLog = fileInfo.fileName == LogName;
            return new StoreDevice(_files.Get(fileInfo), disk, isLog ? ledger : null);
        }

        public void Delete(FileDescriptor fileInfo) => _files.Delete(fileInfo);

        public IEnumerable<FileDescriptor> ListContents(string path) => _files.ListContents(path);

        public uint GetSectorSize(FileDescriptor fileInfo) => ((INamedDeviceFactory)_files).GetSectorSize(fileInfo);
    }
}
