using System.Runtime.InteropServices;
using TorchSharp;

namespace Helios.Sdk.TorchSharp.Operators;

/// <summary>
/// Calls operators of libtorch by name, through the C interface that libtorch keeps stable for extensions (<c>torch/csrc/stable/c/shim.h</c>):
/// those that TorchSharp binds no method to. An operator that is not there, or that refuses its arguments, is an error here and ends nothing.
/// </summary>
internal static unsafe class Dispatcher
{
    // The libtorch whose schemas the calls are written for, 2.10: a later one adapts them.
    private const ulong WrittenFor = 0x020A_0000_0000_0000;

    private static readonly delegate* unmanaged<byte*, byte*, ulong*, ulong, int> CallByName;
    private static readonly delegate* unmanaged<nint, nint*, int> NewTensor;
    private static readonly delegate* unmanaged<nuint, nint*, int> NewList;
    private static readonly delegate* unmanaged<nint, ulong, int> PushBack;
    private static readonly delegate* unmanaged<ulong> AbiVersion;

    static Dispatcher()
    {
        if (!NativeLibrary.TryLoad("torch_cpu", typeof(torch).Assembly, searchPath: null, out var library)) return;
        var missing = false;
        CallByName = (delegate* unmanaged<byte*, byte*, ulong*, ulong, int>)Export("torch_call_dispatcher");
        NewTensor = (delegate* unmanaged<nint, nint*, int>)Export("aoti_torch_new_tensor_handle");
        NewList = (delegate* unmanaged<nuint, nint*, int>)Export("torch_new_list_reserve_size");
        PushBack = (delegate* unmanaged<nint, ulong, int>)Export("torch_list_push_back");
        AbiVersion = (delegate* unmanaged<ulong>)Export("aoti_torch_abi_version");
        IsThere = !missing;

        nint Export(string name)
        {
            if (NativeLibrary.TryGetExport(library, name, out var address)) return address;
            missing = true;
            return 0;
        }
    }

    /// <summary>Whether the libtorch that is loaded has the interface, as each has from 2.10 on.</summary>
    public static bool IsThere { get; }

    /// <summary>The version of the libtorch that is loaded; <see cref="IsThere"/> has said that there is one.</summary>
    public static Version Version => AbiVersion() is var version ? new Version((int)(version >> 56), (int)(version >> 48 & 0xFF), (int)(version >> 40 & 0xFF)) : new Version();

    /// <summary>Calls an operator that returns one tensor.</summary>
    /// <param name="name">Its name with the namespace, followed by a zero, as a UTF-8 literal is.</param>
    /// <param name="arguments">Its arguments in the order of its schema, none left out; taken over, and overwritten.</param>
    /// <exception cref="InvalidOperationException">It is not there, or refused its arguments; libtorch wrote why to standard error.</exception>
    public static Tensor Call(ReadOnlySpan<byte> name, Span<ulong> arguments) => Call(name, "\0"u8, arguments);

    /// <summary>Calls an overload of an operator that returns one tensor.</summary>
    /// <param name="name">Its name with the namespace, followed by a zero.</param>
    /// <param name="overload">Name of the overload, followed by a zero.</param>
    /// <param name="arguments">As for the other.</param>
    public static Tensor Call(ReadOnlySpan<byte> name, ReadOnlySpan<byte> overload, Span<ulong> arguments)
    {
        int failed;
        fixed (byte* text = name, which = overload)
        fixed (ulong* stack = arguments) failed = CallByName(text, which, stack, WrittenFor);
        if (failed != 0) throw new InvalidOperationException($"libtorch {Version} did not run {System.Text.Encoding.UTF8.GetString(name)}; it wrote why to standard error.");
        return Tensor.UnsafeCreateTensor((nint)arguments[0]);
    }

    /// <summary>A tensor as an argument.</summary>
    public static ulong Argument(Tensor tensor)
    {
        nint handle;
        if (NewTensor(tensor.Handle, &handle) != 0) throw new InvalidOperationException("libtorch did not take a tensor.");
        GC.KeepAlive(tensor);
        return (ulong)handle;
    }

    /// <summary>A list of one whole number as an argument.</summary>
    public static ulong List(long only)
    {
        nint list;
        if (NewList(1, &list) != 0 || PushBack(list, (ulong)only) != 0) throw new InvalidOperationException("libtorch did not make a list.");
        return (ulong)list;
    }

    /// <summary>An argument that the schema lets be none, given. libtorch frees what it is held in, with the C runtime's <c>free</c>.</summary>
    public static ulong Given(ulong argument)
    {
        var held = (ulong*)NativeMemory.Alloc(sizeof(ulong));
        *held = argument;
        return (ulong)held;
    }

    /// <summary>A number as an argument.</summary>
    public static ulong Argument(double number) => BitConverter.DoubleToUInt64Bits(number);
}
