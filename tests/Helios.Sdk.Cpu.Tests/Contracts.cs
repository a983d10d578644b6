using Helios.Backends.Testing.Hosting;
using Helios.Backends.Testing.Loading;
using Helios.Backends.Testing.Memory;
using Helios.Backends.Testing.Model;
using Helios.Sdk.Cpu.Tests.Support;

namespace Helios.Sdk.Cpu.Tests;

// What every backend is held to, on the CPU.
public sealed class CpuReference : ReferenceContract<CpuUnderTest>;

public sealed class CpuBatch : BatchContract<CpuUnderTest>;

public sealed class CpuExtend : ExtendContract<CpuUnderTest>;

public sealed class CpuFamilies : FamilyContract<CpuUnderTest>;

public sealed class CpuBlocks : BlockContract<CpuUnderTest>;

public sealed class CpuLongContext : LongContextContract<CpuUnderTest>;

public sealed class CpuSampling : SamplingContract<CpuUnderTest>;

public sealed class CpuMisuse : MisuseContract<CpuUnderTest>;

public sealed class CpuLoader : LoaderContract<CpuUnderTest>;

public sealed class CpuKvStore : KvStoreContract<CpuUnderTest>;

public sealed class CpuLifetime : LifetimeContract<CpuUnderTest>;

public sealed class CpuEngine : EngineContract<CpuUnderTest>;
