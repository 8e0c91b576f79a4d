from __future__ import annotations
import numpy as np
from scipy.optimize import linear_sum_assignment
from .config import AssociationConfig
from impose_widget.core.geometry import pose_box, box_iou

def span(cfg, dt):
    g = cfg.damping
    return g * (1 - g ** dt) / (1 - g) if g < 1 else dt

class Bank:
    def __init__(self, K):
        self.label=np.zeros(0,int); self.last=np.zeros(0,int); self.pose=np.zeros((0,K,2)); self.w=np.zeros((0,K)); self.box=np.zeros((0,4))
        self.vel=np.zeros((0,2)); self.hits=np.zeros(0,int); self.size=np.zeros(0); self.firm=np.zeros(0,bool); self.first=np.zeros(0,int); self.pose0=np.zeros((0,K,2)); self.box0=np.zeros((0,4))
    NAMES=('label','last','pose','w','box','vel','hits','size','firm','first','pose0','box0')
    def keep(self,m):
        for n in self.NAMES: setattr(self,n,getattr(self,n)[m])
    def add(self,**k):
        for n in self.NAMES: setattr(self,n,np.concatenate([getattr(self,n),k[n]]))

def similarity(cfg,bank,i,t,pose,w,box,size,sig,vel=None):
    dt=t-bank.last[i]
    if vel is None:
        shift=bank.vel[i]*span(cfg,dt)[:,None]
    else:
        shift=(bank.vel[i]+vel)/2*np.minimum(dt,cfg.bridge_span)[:,None]
    P=bank.pose[i]+shift[:,None]; B=bank.box[i].copy(); B[:,:2]+=shift
    grow=1+cfg.growth*(dt-1)
    d2=((P[:,None]-pose[None])**2).sum(-1)
    s2=(bank.size[i]*grow)[:,None,None]**2*cfg.looseness*2*(2*sig)**2
    ks=np.exp(-d2/s2)
    W=bank.w[i][:,None]*w[None]
    W=np.where(np.isfinite(d2),W,0); ks=np.where(np.isfinite(d2),ks,0)
    o=(W*ks).sum(-1)/np.maximum(W.sum(-1),1e-9)
    # buffered
    m=(0.5*(grow-1))[:,None]*B[:,2:]
    Bb=np.concatenate([B[:,:2]-m/2,B[:,2:]+m],1)
    iou=box_iou(Bb,box)
    ratio=np.abs(np.log(bank.size[i][:,None]/size[None]))
    sim=cfg.oks_share*o+(1-cfg.oks_share)*iou
    sim=sim*np.exp(-np.maximum(ratio-0.1,0)**2/(2*0.4**2))
    return sim-cfg.lost_penalty*np.log(grow)[:,None]

def solve(sim,thr):
    if not sim.size: return []
    s=np.where(sim>=thr,sim,0)
    return [(a,b) for a,b in zip(*linear_sum_assignment(-s)) if s[a,b]>=thr]

def associate(detections, known, next_track_id, skeleton, frames, image_size=None, config=AssociationConfig()):
    cfg=config; M=len(detections); K=len(skeleton)
    sig=np.maximum(skeleton.sigma_array,0.06)
    xy=detections.xy.astype(float); w=np.clip(np.nan_to_num(detections.keypoints[...,2]),0.05,1)
    box=detections.box.astype(float)
    size=np.sqrt(0.53*np.maximum(box[:,2],1)*np.maximum(box[:,3],1))
    sc=detections.score; row_label=np.full(M,-1)
    names={}  # label->known id
    by_id={}
    firm_from={}
    bank=Bank(K); nlabels=0; order={}
    fr,starts=np.unique(detections.frame,return_index=True); ends=np.append(starts[1:],M)
    alias={}; confirmed=set(); strong_hits={}
    for t,a,b in zip(fr,starts,ends):
        keepm=np.where(bank.firm, t-bank.last<=cfg.memory, t-bank.last<=cfg.birth_within)
        bank.keep(keepm)
        rows=np.arange(a,b); kn=known[a:b]
        taken=np.full(b-a,-1)  # bank index
        free=np.ones(len(bank.label),bool)
        openr=rows[(kn==-1)&(sc[a:b]>=cfg.weak_score)]
        blockers=rows[(kn!=-1)]
        pairs=[]
        # known
        new=[]
        for r in rows[kn>=0]:
            k=int(known[r]); lab=by_id.get(k)
            j=np.flatnonzero(bank.label==lab) if lab is not None else []
            if len(j): pairs.append((j[0],r)); free[j[0]]=False
            else: new.append((r,k))
        strong=openr[sc[openr]>=cfg.strong_score]; weak=openr[sc[openr]<cfg.strong_score]
        def go(ti,ri,thr):
            if not len(ti) or not len(ri): return
            for x,y in solve(similarity(cfg,bank,ti,t,xy[ri],w[ri],box[ri],size[ri],sig),thr):
                pairs.append((ti[x],ri[y])); free[ti[x]]=False
        go(np.flatnonzero(free&bank.firm&(t-bank.last<=cfg.bridge_after)),strong,cfg.min_similarity)
        left=np.array([r for r in openr if r not in {p[1] for p in pairs}],int)
        lw=left[sc[left]<cfg.strong_score]
        go(np.flatnonzero(free&bank.firm&(t-bank.last<=cfg.weak_memory)),lw,cfg.min_similarity+0.1)
        used=np.array([p[1] for p in pairs],int)
        left=np.array([r for r in openr if r not in set(used)],int)
        used=np.concatenate([used,blockers]) if len(blockers) else used
        if len(left) and len(used):
            d2=((xy[left][:,None]-xy[used][None])**2).sum(-1)
            ok=np.exp(-d2/((size[used]**2)[None,:,None]*2*2*(2*sig)**2))
            o=np.nanmean(ok,-1)
            iou=box_iou(box[left],box[used])
            left=left[~((o*0.6+iou*0.4)>=cfg.duplicate).any(1)]
        go(np.flatnonzero(free&~bank.firm),left,cfg.min_similarity)
        # update
        fresh=[]
        if pairs:
            i=np.array([p[0] for p in pairs]); r=np.array([p[1] for p in pairs])
            dt=t-bank.last[i]
            d=xy[r]-bank.pose[i]
            med=np.nanmedian(d,1)/dt[:,None]
            first=bank.hits[i]==1
            g=np.where(first,0.7,cfg.gain)[:,None]
            bank.vel[i]=bank.vel[i]*(1-g)+g*np.nan_to_num(med)
            bank.pose[i]=np.where(np.isfinite(xy[r]),xy[r],bank.pose[i]+np.nan_to_num(med*dt[:,None])[:,None]); bank.w[i]=w[r]; bank.box[i]=box[r]
            bank.size[i]=bank.size[i]*.7+.3*size[r]; bank.last[i]=t; bank.hits[i]+=1
            row_label[r]=bank.label[i]
            for ii,rr in zip(i,r):
                if sc[rr]>=cfg.birth_score: strong_hits.setdefault(bank.label[ii],[]).append(t)
                if not bank.firm[ii]:
                    h=strong_hits[bank.label[ii]]
                    if len(h)>=cfg.birth_hits and t-h[-cfg.birth_hits]<=cfg.birth_within:
                        fresh.append(ii)
        if fresh:
            lost=np.flatnonzero(bank.firm&(t-bank.last>0))
            gone=[]
            cand=[]
            S=np.zeros((len(lost),len(fresh)))
            for y,ii in enumerate(fresh):
                for x,l in enumerate(lost):
                    if bank.last[l]<bank.first[ii]:
                        S[x,y]=similarity(cfg,bank,np.array([l]),bank.first[ii],bank.pose0[[ii]],bank.w[[ii]],bank.box0[[ii]],bank.size[[ii]],sig,bank.vel[ii])[0,0]
            for x,y in solve(S,cfg.bridge_similarity):
                alias[bank.label[fresh[y]]]=bank.label[lost[x]]
                bank.label[fresh[y]]=bank.label[lost[x]]; gone.append(lost[x])
            for ii in fresh: bank.firm[ii]=True; confirmed.add(bank.label[ii])
            if gone:
                m=np.ones(len(bank.label),bool); m[gone]=False; bank.keep(m)
        # births
        done=set(p[1] for p in pairs)
        nb=[r for r in left if r not in done]
        nb=[(r,-1) for r in nb]+new
        if nb:
            r=np.array([x[0] for x in nb]); n=len(r)
            lab=np.arange(nlabels,nlabels+n); nlabels+=n
            f=np.array([k>=0 for _,k in nb])
            for l,(rr,k) in zip(lab,nb):
                strong_hits[l]=[t] if sc[rr]>=cfg.birth_score else []
                if k>=0: by_id[k]=l; names[l]=k; confirmed.add(l)
            bank.add(label=lab,last=np.full(n,t),pose=xy[r].copy(),w=w[r],box=box[r].copy(),vel=np.zeros((n,2)),hits=np.ones(n,int),size=size[r].copy(),firm=f,first=np.full(n,t),pose0=xy[r].copy(),box0=box[r].copy())
            row_label[r]=lab
    out=np.full(M,-1,np.int32); nxt=next_track_id
    for r in np.flatnonzero(row_label>=0):
        l=alias.get(row_label[r],row_label[r])
        if known[r]!=-1: continue
        if l not in confirmed: continue
        if l not in names: names[l]=nxt; nxt+=1
        out[r]=names[l]
    out[known!=-1]=np.where(known[known!=-1]>=0,known[known!=-1],-1)
    return out
